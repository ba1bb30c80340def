// The prose of the help, around the options.
#pragma once

#include <string_view>

namespace rollcall::cli::manual {

inline constexpr std::string_view summary =
    "Rollcall tells, live, what runs on this host, on which addresses and ports.";

inline constexpr std::string_view notes = R"(Try:
  rollcall ls                                what runs now
  rollcall watch                             what runs now, and every change
  rollcall ls host                           the programs that listen on this host
  rollcall explain web                       all about one instance, and why
  rollcall doctor                            which runtimes answer, and why others do not
  source <(rollcall completion bash)         completion in this shell

Of systemd's units, those are shown that listen on a port or opted in by an
X-Rollcall- setting in their unit file.
`--runtime auto` is the first that answers of docker, podman, systemd and incus.
`rollcall COMMAND --help` tells more. Exit codes: 0 success, 1 failure, 2 wrong usage.
)";

inline constexpr std::string_view list_notes = R"(Examples:
  rollcall ls --filter health=unhealthy --filter health=starting
  rollcall ls --filter 'name=web-*' --sort age
  rollcall ls --filter label=com.docker.compose.project=shop -o json
  rollcall ls --format '{{.Name}}\t{{.Ports}}'
  rollcall ls --runtime docker --endpoint unix:///run/other/docker.sock

The host is always asked, and leaves out what another runtime lists.
Filters of one key are alternatives; those of different keys must all hold.
Keys: runtime, state, health, group (exact, or a pattern), name (a part of it, or
a pattern for all of it), label (KEY or KEY=VALUE), selector (a label selector as
in Kubernetes).
'--sort age' puts the youngest first. A runtime that is not there is no error;
one that does not answer is a warning, unless you named it.
)";

inline constexpr std::string_view watch_notes = R"(Examples:
  rollcall watch
  rollcall watch --filter group=shop
  rollcall watch -o jsonl | jq -r 'select(.type == "stopped").name'

What runs now comes first, marked (initial). Rollcall waits for lost engines. Ctrl-C
ends the watch. The host is polled every --look-period; all others report changes at once.
Filters are those of `rollcall ls`; a change is shown if the instance matches
before or after it.
)";

inline constexpr std::string_view explain_notes = R"(Examples:
  rollcall explain web
  rollcall explain shop/web
  rollcall explain 4f0c --runtime docker
  rollcall explain web -o json

INSTANCE is a name, the beginning of an id, GROUP/NAME or GROUP/SERVICE; also of
what does not run. Shown are each value with the label that sets it, overridden
and malformed labels, the address and port that a client uses from each place, and
whether the instance would be registered, and why.
Exit code 1 if there is no such instance, or several: those are listed.
)";

inline constexpr std::string_view doctor_notes = R"(Examples:
  rollcall doctor
  rollcall doctor --endpoint tcp://10.0.0.7:2375
  rollcall doctor --endpoint ssh://me@engine.example
  rollcall doctor --endpoint docker=context:production
  rollcall doctor -o json

Exit code 0 if one runtime answers; the host always does.
)";

inline constexpr std::string_view serve_notes = R"(Examples:
  rollcall serve
  rollcall serve --check-config --config rollcall.yaml
  rollcall serve docker podman --socket /run/user/1000/rollcall.sock --listen 127.0.0.1:0
  rollcall serve --endpoint docker=tcp://10.0.0.7:2375 --grace 10m
  rollcall ls --server /run/rollcall/rollcall.sock

It listens on /run/rollcall/rollcall.sock, without root on
$XDG_RUNTIME_DIR/rollcall.sock, and on no address unless one is named.
Flags override the environment (ROLLCALL_LOG_LEVEL is the key log.level), which
overrides the file. SIGHUP reads the file again.
All keys, and the HTTP API: docs/daemon.md. Exit code 2 if the configuration is wrong.
)";

inline constexpr std::string_view completion_notes = R"(Examples:
  source <(rollcall completion bash)
  source <(rollcall completion zsh)
  rollcall completion fish | source
)";

}  // namespace rollcall::cli::manual
