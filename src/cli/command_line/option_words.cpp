#include "cli/command_line/option_words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/command_line/cli11.hpp"
#include "cli/command_line/manual.hpp"
#include "core/runtimes.hpp"

namespace rollcall::cli {
namespace {

void add_runtimes(CLI::App& command, Words& words) {
  command.add_option(std::string(runtimes_name), words.arguments)->type_name(runtime_choices());
}

/// The options of commands that may ask a daemon instead of the engines.
void add_daemon(CLI::App& command, Words& words) {
  command.option_defaults()->group("From a daemon");
  add_text(command, "--server", words.server, "URL|SOCKET",
           "Ask `rollcall serve` at this place, and no engine");
  add_text(command, "--token-file", words.token_file, "FILE", "The token that it wants");
  add_text(command, "--ca-file", words.ca_file, "FILE",
           "The authority that signed its certificate (default: those of this system)");
}

/// An option that sets a key of the configuration.
void add_key(CLI::App& command, Words& words, const std::string& name, const std::string& value,
             const std::string& text) {
  command.add_option(name, words.keys[name], text)->allow_extra_args(false)->type_name(value);
}

void add_runtime_option(CLI::App& app, Words& words, const RuntimeOption& it) {
  const std::string name(it.flag);
  const std::string summary(it.summary);
  if (it.value.empty()) {
    app.add_flag(name, words.runtime_flags[it.flag], summary);
    return;
  }
  CLI::Option* added = app.add_option(name, words.runtime_values[it.flag], summary);
  added->type_name(std::string(it.value));
  RuntimeOptions defaults;
  if (option::is_list(it.at(defaults))) {
    added->allow_extra_args(false);
  } else {
    added->expected(1)->take_last();
  }
}

/// The options of runtimes that concern only commands that keep watching.
void add_options_of_watches(CLI::App& command, Words& words) {
  for (const RuntimeTraits* runtime : runtimes()) {
    for (const RuntimeOption& it : runtime->options) {
      if (it.of_watches) add_runtime_option(command, words, it);
    }
  }
}

}  // namespace

std::string runtime_choices() {
  return fmt::format("all|auto|{}", fmt::join(runtime_words(), "|"));
}

void add_shared_options(CLI::App& app, Words& words) {
  app.option_defaults()->group("Where to look");
  add_repeated(app, "-r,--runtime", words.runtimes, runtime_choices(),
               "This one; repeatable (default: all that answer)");
  add_repeated(app, "-e,--endpoint", words.endpoints, "[KIND=]URL",
               "This engine, such as docker=tcp://10.0.0.7:2375");
  for (const RuntimeTraits* runtime : runtimes()) {
    app.option_defaults()->group(std::string(runtime->options_title));
    for (const RuntimeOption& it : runtime->options) {
      if (!it.of_watches) add_runtime_option(app, words, it);
    }
  }
  app.option_defaults()->group("General");
  app.add_flag("-v,--verbose", words.verbose, "Tell on standard error what is being done");
  app.set_version_flag("-V,--version", "rollcall " ROLLCALL_VERSION, "Show the version");
}

CLI::App* add_list(CLI::App& app, Words& words) {
  CLI::App* list = app.add_subcommand("ls", "Show what runs now");
  list->footer(std::string(manual::list_notes));
  add_runtimes(*list, words);
  list->option_defaults()->group("Which");
  list->add_flag("-a,--all", words.all, "Also what does not run");
  add_repeated(*list, "-f,--filter", words.filters, "KEY=VALUE", "Only what matches; repeatable");
  list->option_defaults()->group("Output");
  add_choice(*list, "-o,--output", words.output, {"table", "wide", "json", "jsonl", "yaml"},
             "The form of the output (default: table)");
  add_text(*list, "--format", words.format, "TEMPLATE", "A line each, such as '{{.Name}}'");
  CLI::Option* quiet = list->add_flag("-q,--quiet", words.quiet, "Only the ids");
  quiet->excludes(list->get_option("--output"))->excludes(list->get_option("--format"));
  list->get_option("--format")->excludes(list->get_option("--output"));
  add_choice(*list, "-s,--sort", words.sort, {"name", "runtime", "state", "image", "group", "age"},
             "In this order (default: name)");
  list->add_flag("--no-trunc", words.no_trunc, "Cut nothing short");
  list->option_defaults()->group("Where to look");
  add_text(*list, "-t,--timeout", words.timeout, "TIME",
           "How long each runtime may take, such as 500ms (default: 5s)");
  add_daemon(*list, words);
  return list;
}

CLI::App* add_watch(CLI::App& app, Words& words) {
  CLI::App* watch = app.add_subcommand("watch", "Show what runs now, then every change");
  watch->footer(std::string(manual::watch_notes));
  add_runtimes(*watch, words);
  watch->option_defaults()->group("Which");
  add_repeated(*watch, "-f,--filter", words.filters, "KEY=VALUE", "Only what matches; repeatable");
  watch->option_defaults()->group("Output");
  add_choice(*watch, "-o,--output", words.output, {"text", "jsonl"},
             "The form of the output (default: text)");
  watch->option_defaults()->group("Where to look");
  add_options_of_watches(*watch, words);
  add_daemon(*watch, words);
  return watch;
}

CLI::App* add_doctor(CLI::App& app, Words& words) {
  CLI::App* doctor =
      app.add_subcommand("doctor", "Tell which runtimes answer, and why others do not");
  doctor->footer(std::string(manual::doctor_notes));
  add_runtimes(*doctor, words);
  doctor->option_defaults()->group("Output");
  add_choice(*doctor, "-o,--output", words.output, {"text", "json"},
             "The form of the output (default: text)");
  doctor->option_defaults()->group("Where to look");
  add_text(*doctor, "-t,--timeout", words.timeout, "TIME",
           "How long each place may take, such as 500ms (default: 5s)");
  add_daemon(*doctor, words);
  return doctor;
}

CLI::App* add_explain(CLI::App& app, Words& words) {
  CLI::App* explain =
      app.add_subcommand("explain", "Tell all that is known of one instance, and why");
  explain->footer(std::string(manual::explain_notes));
  explain->add_option("instance", words.subject)->type_name("INSTANCE")->required();
  explain->option_defaults()->group("Output");
  add_choice(*explain, "-o,--output", words.output, {"text", "json"},
             "The form of the output (default: text)");
  explain->option_defaults()->group("Where to look");
  add_text(*explain, "-t,--timeout", words.timeout, "TIME",
           "How long each runtime may take, such as 500ms (default: 5s)");
  add_daemon(*explain, words);
  return explain;
}

CLI::App* add_serve(CLI::App& app, Words& words) {
  CLI::App* serve = app.add_subcommand("serve", "Serve one live inventory of all by HTTP");
  serve->footer(std::string(manual::serve_notes));
  add_runtimes(*serve, words);
  serve->option_defaults()->group("Configuration");
  add_text(*serve, "-c,--config", words.config, "FILE",
           "This file (default: /etc/rollcall/rollcall.yaml, if it is there)");
  serve->add_flag("--check-config", words.check_config,
                  "Say what is configured, or all that is wrong with it, and end");
  serve->option_defaults()->group("Clients");
  add_key(*serve, words, "--listen", "ADDRESS:PORT",
          "At this address, too; repeatable (default: none)");
  add_key(*serve, words, "--socket", "PATH|auto|none", "At this Unix socket (default: auto)");
  add_key(*serve, words, "--tls-certificate", "FILE", "Speak TLS on addresses, with this");
  add_key(*serve, words, "--tls-key", "FILE", "The key of the certificate");
  add_key(*serve, words, "--token-file", "FILE",
          "Clients that connect to an address must show this token");
  serve->add_flag("--reveal", words.reveal, "Do not mask labels that look secret");
  serve->option_defaults()->group("Where to look");
  add_key(*serve, words, "--grace", "TIME|never",
          "Drop what a lost engine ran after this time (default: never)");
  add_key(*serve, words, "--wait-for-named", "TIME",
          "Answer 503 to Prometheus this long until named engines are listed (default: 5m)");
  add_options_of_watches(*serve, words);
  serve->option_defaults()->group("Log");
  add_key(*serve, words, "--log-format", "auto|logfmt|journald", "The form (default: auto)");
  add_key(*serve, words, "--log-level", "debug|info|warning|error", "The least (default: info)");
  return serve;
}

CLI::App* add_completion(CLI::App& app, Words& words) {
  CLI::App* completion =
      app.add_subcommand("completion", "Print a completion script for your shell");
  completion->footer(std::string(manual::completion_notes));
  add_choice(*completion, "shell", words.shell, {"bash", "zsh", "fish"}, "The shell");
  completion->get_option("shell")->required();
  return completion;
}

}  // namespace rollcall::cli
