#include "cli/command_line/options.hpp"

#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rollcall/options/docker.hpp>
#include <rollcall/options/host.hpp>
#include <rollcall/options/incus.hpp>
#include <rollcall/options/kubernetes.hpp>
#include <rollcall/options/podman.hpp>
#include <rollcall/options/systemd.hpp>

namespace rollcall::cli {
namespace {

using testing::HasSubstr;

Options parsed(const std::vector<std::string>& words) {
  auto result = parse_command_line(words);
  if (const auto* answer = std::get_if<Answer>(&result)) {
    ADD_FAILURE() << answer->text;
    return {};
  }
  return std::get<Options>(std::move(result));
}

Answer answered(const std::vector<std::string>& words) {
  auto result = parse_command_line(words);
  if (auto* answer = std::get_if<Answer>(&result)) return *answer;
  ADD_FAILURE() << "it was understood";
  return {};
}

std::string misuse(const std::vector<std::string>& words) {
  const Answer answer = answered(words);
  EXPECT_EQ(answer.exit_code, 2);
  EXPECT_EQ(answer.text.find('\n'), std::string::npos) << "one line";
  return answer.text;
}

TEST(Options, TheDefaultIsAllThatAnswer) {
  const Options options = parsed({"ls"});
  EXPECT_EQ(options.command, Command::list);
  EXPECT_TRUE(options.selection.all);
  EXPECT_EQ(options.timeout, std::chrono::seconds(5));
}

TEST(Options, RuntimesMayBeNamedAlone) {
  const Options options = parsed({"ls", "host", "docker", "-r", "podman", "-o", "json"});
  EXPECT_FALSE(options.selection.all);
  EXPECT_THAT(options.selection.kinds,
              testing::ElementsAre(RuntimeBackendKind::podman, RuntimeBackendKind::host,
                                   RuntimeBackendKind::docker));
  EXPECT_TRUE(parsed({"watch", "all"}).selection.all);
}

TEST(Options, TheEnvironmentIsReadOnlyIfThatIsSaid) {
  EXPECT_FALSE(parsed({"ls"}).backend_options().of<DockerOptions>().read_env);
  EXPECT_TRUE(parsed({"watch", "--read-env"}).backend_options().of<DockerOptions>().read_env);
}

TEST(Options, ExplainLooksAtAllThereIs) {
  const Options options = parsed({"explain", "web", "-r", "docker", "-o", "json"});
  EXPECT_EQ(options.command, Command::explain);
  EXPECT_EQ(options.subject, "web");
  EXPECT_EQ(options.output, Output::json);
  EXPECT_TRUE(options.backend_options().include_stopped);
  EXPECT_TRUE(options.backend_options().of<SystemdOptions>().all_units);
  EXPECT_FALSE(parsed({"ls"}).backend_options().include_stopped);
  EXPECT_TRUE(parsed({"ls", "-a"}).backend_options().include_stopped);
  EXPECT_THAT(misuse({"explain"}), HasSubstr("which instance?"));
  EXPECT_THAT(misuse({"explain", "web", "db"}), HasSubstr("'db' is one word too many"));
  EXPECT_THAT(misuse({"explain", "web", "-o", "yaml"}), HasSubstr("yaml"));
}

TEST(Options, TheHostIsLookedAtAsOftenAsIsSaid) {
  EXPECT_EQ(parsed({"watch"}).runtime_options.of<HostOptions>().look_period,
            std::chrono::seconds(5));
  EXPECT_EQ(
      parsed({"watch", "--look-period", "250ms"}).runtime_options.of<HostOptions>().look_period,
      std::chrono::milliseconds(250));
  for (const char* wrong : {"0", "99ms", "-1s", "often", "2d"}) {
    EXPECT_THAT(misuse({"watch", "--look-period", wrong}), HasSubstr("--look-period"));
  }
}

TEST(Options, PodmanIsPolledOnlyIfThatIsSaid) {
  EXPECT_EQ(parsed({"watch"}).runtime_options.of<PodmanOptions>().poll,
            std::chrono::milliseconds(0));
  EXPECT_EQ(parsed({"watch", "--podman-poll", "1m"}).runtime_options.of<PodmanOptions>().poll,
            std::chrono::minutes(1));
  EXPECT_THAT(misuse({"watch", "--podman-poll", "50ms"}), HasSubstr("--podman-poll"));
}

TEST(Options, RuntimesAndEndpoints) {
  const Options two = parsed({"watch", "-r", "docker", "--runtime", "podman"});
  EXPECT_FALSE(two.selection.all);
  EXPECT_EQ(two.selection.kinds.size(), 2U);

  const Options one = parsed({"ls", "--runtime", "podman", "--endpoint", "unix:///a=b.sock"});
  ASSERT_EQ(one.selection.endpoints.size(), 1U);
  EXPECT_EQ(one.selection.endpoints[0].kind, RuntimeBackendKind::podman);
  EXPECT_EQ(one.selection.endpoints[0].url, "unix:///a=b.sock");
  EXPECT_TRUE(one.selection.kinds.empty()) << "its usual places were not asked for";

  const Options with_kind =
      parsed({"ls", "--endpoint", "k8s=https://10.0.0.1", "-e", "/run/x.sock"});
  ASSERT_EQ(with_kind.selection.endpoints.size(), 2U);
  EXPECT_EQ(with_kind.selection.endpoints[0].kind, RuntimeBackendKind::kubernetes);
  EXPECT_EQ(with_kind.selection.endpoints[1].url, "unix:///run/x.sock");
  EXPECT_FALSE(with_kind.selection.all);
}

TEST(Options, UnitsOfSystemd) {
  const BackendOptions none = parsed({"ls"}).backend_options();
  EXPECT_FALSE(none.of<SystemdOptions>().user_manager || none.of<SystemdOptions>().all_units);
  EXPECT_TRUE(none.of<SystemdOptions>().unit_types.empty());

  const BackendOptions all =
      parsed({"watch", "--user", "--all-units", "--unit-type", "socket", "--unit-type", "timer"})
          .backend_options();
  EXPECT_TRUE(all.of<SystemdOptions>().user_manager && all.of<SystemdOptions>().all_units);
  EXPECT_EQ(all.of<SystemdOptions>().unit_types, (std::vector<std::string>{"socket", "timer"}));

  EXPECT_THAT(misuse({"ls", "--unit-type", "mount"}), HasSubstr("mount"));
}

TEST(Options, ProjectsOfIncus) {
  EXPECT_TRUE(parsed({"ls"}).backend_options().of<IncusOptions>().projects.empty());
  EXPECT_EQ(parsed({"ls", "--project", "a", "--project", "b"})
                .backend_options()
                .of<IncusOptions>()
                .projects,
            (std::vector<std::string>{"a", "b"}));
}

TEST(Options, ThoseOfKubernetesNameIt) {
  EXPECT_TRUE(parsed({"ls"}).selection.kinds.empty());
  const Options options =
      parsed({"ls", "--kubeconfig", "/k", "--context", "prod", "--namespace", "a", "--namespace",
              "b", "--node", "n", "--selector", "app=web,tier!=cache"});
  EXPECT_TRUE(options.selection.all) << "the others are shown besides";
  EXPECT_EQ(options.selection.kinds, std::vector{RuntimeBackendKind::kubernetes});
  const BackendOptions backend = options.backend_options();
  EXPECT_EQ(backend.of<KubernetesOptions>().kubeconfig, "/k");
  EXPECT_EQ(backend.of<KubernetesOptions>().context, "prod");
  EXPECT_EQ(backend.of<KubernetesOptions>().namespaces, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(backend.of<KubernetesOptions>().node, "n");
  EXPECT_EQ(backend.of<KubernetesOptions>().selector, "app=web,tier!=cache");
  for (const char* option : {"--kubeconfig", "--context", "--namespace", "--node", "--selector"}) {
    EXPECT_FALSE(parsed({"watch", option, "x"}).selection.kinds.empty()) << option;
  }
  EXPECT_EQ(parsed({"ls", "docker", "--context", "prod"}).selection.kinds,
            std::vector{RuntimeBackendKind::docker})
      << "who names runtimes names all of them";
}

TEST(Options, SharedOptionsMayStandBeforeTheCommand) {
  EXPECT_EQ(parsed({"--runtime", "docker", "ls"}).selection.kinds.size(), 1U);
}

TEST(Options, Timeouts) {
  EXPECT_EQ(parsed({"ls", "--timeout", "500ms"}).timeout, std::chrono::milliseconds(500));
  EXPECT_EQ(parsed({"ls", "--timeout", "1.5"}).timeout, std::chrono::milliseconds(1500));
  EXPECT_EQ(parsed({"doctor", "-t", "1m"}).timeout, std::chrono::minutes(1));
  for (const char* wrong : {"0", "-1s", "5x", "", "nan", "2000000s"}) {
    EXPECT_THAT(misuse({"ls", "--timeout", wrong}), HasSubstr("--timeout"));
  }
}

TEST(Options, MistakesAreExplainedInOneLine) {
  EXPECT_THAT(misuse({"lss"}), HasSubstr("unknown command 'lss'; did you mean 'ls'?"));
  EXPECT_THAT(misuse({"ls", "--fliter", "a=b"}), HasSubstr("did you mean '--filter'?"));
  EXPECT_THAT(misuse({"--versoin"}), HasSubstr("did you mean '--version'?"));
  EXPECT_THAT(misuse({"ls", "web"}), HasSubstr("no runtime is called 'web'"));
  EXPECT_THAT(misuse({"ls", "watch"}), HasSubstr("no runtime is called 'watch'"));
  EXPECT_THAT(misuse({"completion", "bash", "zsh"}), HasSubstr("one word too many"));
  EXPECT_THAT(misuse({"ls", "-o", "jsn"}), HasSubstr("did you mean 'json'?"));
  EXPECT_THAT(misuse({"ls", "-o"}), HasSubstr("--output needs a value"));
  EXPECT_THAT(misuse({"ls", "-q", "-o", "json"}), HasSubstr("--output"));
  EXPECT_THAT(misuse({"ls", "--runtime", "dokcer"}), HasSubstr("did you mean 'docker'?"));
  EXPECT_THAT(misuse({"ls", "--format", "{{.Nope}}"}), HasSubstr(".Name .ID"));
  EXPECT_THAT(misuse({"ls", "--filter", "color=red"}), HasSubstr("runtime, state"));
  EXPECT_THAT(misuse({"ls", "-r", "docker", "-r", "podman", "-e", "tcp://h:1"}),
              HasSubstr("KIND=URL"));
  EXPECT_THAT(misuse({"completion"}), HasSubstr("bash, zsh or fish"));
  EXPECT_THAT(misuse({"completion", "tcsh"}), HasSubstr("'tcsh' is none of"));
}

TEST(Options, ServeHandsOnWhatStandsForAKey) {
  const Options options =
      parsed({"serve", "docker", "-r", "host", "-c", "f.yaml", "--listen", "a:1", "--listen", "b:2",
              "--reveal", "--user", "-v", "-e", "podman=/p.sock"});
  EXPECT_EQ(options.command, Command::serve);
  EXPECT_EQ(options.serve.sources.file, "f.yaml");
  std::map<std::string, std::vector<std::string>> flags;
  for (const auto& flag : options.serve.sources.flags) flags[flag.name] = flag.words;
  using Words = std::vector<std::string>;
  EXPECT_EQ(flags, (std::map<std::string, Words>{{"--listen", Words{"a:1", "b:2"}},
                                                 {"--reveal", Words{"true"}},
                                                 {"--user", Words{"true"}},
                                                 {"--endpoint", Words{"podman=/p.sock"}},
                                                 {"--runtime", Words{"host", "docker"}},
                                                 {"--log-level", Words{"debug"}}}));
}

TEST(Options, WhatEnginesAloneDecideDoesNotGoWithADaemon) {
  const Options options = parsed({"ls", "docker", "--server", "/run/x.sock", "--token-file", "/t"});
  EXPECT_EQ(options.server.url, "/run/x.sock");
  EXPECT_EQ(options.server.token_file, "/t");
  EXPECT_THAT(misuse({"ls", "--all", "--server", "/x"}), HasSubstr("--all is for the daemon"));
  EXPECT_THAT(misuse({"watch", "-e", "tcp://h", "--server", "/x"}), HasSubstr("--endpoint"));
  EXPECT_THAT(misuse({"ls", "--ca-file", "/x"}), HasSubstr("name it by --server"));
}

TEST(Options, HelpNamesEverything) {
  for (const auto& words : {std::vector<std::string>{}, {"--help"}, {"-h"}}) {
    const Answer help = answered(words);
    EXPECT_EQ(help.exit_code, 0);
    for (const char* command : {"ls", "watch", "doctor", "completion"}) {
      EXPECT_THAT(help.text, HasSubstr(command));
    }
  }
  const std::string list_help = answered({"ls", "--help"}).text;
  EXPECT_THAT(list_help, HasSubstr("-o, --output table|wide|json|jsonl|yaml"));
  EXPECT_THAT(list_help, HasSubstr("--endpoint"));
  EXPECT_THAT(list_help, HasSubstr("Examples:"));
  EXPECT_THAT(answered({"--version"}).text, testing::StartsWith("rollcall "));
}

TEST(Options, CompletionKnowsAllCommandsAndOptions) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = answered({"completion", shell}).text;
    for (const char* word : {"watch", "doctor", "no-trunc", "endpoint", "jsonl", "kubernetes"}) {
      EXPECT_THAT(script, HasSubstr(word)) << shell;
    }
  }
}

}  // namespace
}  // namespace rollcall::cli
