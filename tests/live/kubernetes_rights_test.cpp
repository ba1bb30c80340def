// Rights and credentials on a real API server.
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <rollcall/options/kubernetes.hpp>

#include "live/kubernetes_live.hpp"
#include "support/paths.hpp"
#include "transport/base64.hpp"

namespace rollcall::support {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class KubernetesRights : public KubernetesLive {
 protected:
  void TearDown() override {
    KubernetesLive::TearDown();
    for (const auto& [user, in] : allowed_) cluster().forbid(user, in);
  }

  void allow(const std::string& user, const std::vector<KubernetesRule>& rules,
             const std::string& in = {}) {
    cluster().allow(user, rules, in);
    allowed_.emplace_back(user, in);
  }

  void forbid() {
    const auto [user, in] = allowed_.back();
    allowed_.pop_back();
    cluster().forbid(user, in);
  }

 private:
  std::vector<std::pair<std::string, std::string>> allowed_;
};

TEST_F(KubernetesRights, that_are_dropped_and_given_back_are_an_outage) {
  allow("tenant", reading_rules());
  start_watch(as("tenant"));
  const Pod web = run("web");
  ASSERT_TRUE(starts(web));
  forbid();
  cluster().kill9();
  cluster().start();
  ASSERT_TRUE(counts("backend_disconnected", 1));
  const Pod unseen = run("unseen");
  EXPECT_TRUE(told(web)) << "it is stale, not stopped";
  allow("tenant", reading_rules());
  ASSERT_TRUE(counts("backend_reconnected", 1)) << transcript(watched().fold());
  EXPECT_TRUE(starts(unseen));
  EXPECT_EQ(history(web), "started");
}

TEST_F(KubernetesRights, that_one_does_not_have_are_named_with_the_rule_that_gives_them) {
  WatchFold backend(RuntimeBackendKind::kubernetes, as("nobody"),
                    [] { cluster().room().join_network(); });
  const auto listed = backend.list();
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().kind, ErrorKind::denied) << listed.error();
  EXPECT_THAT(listed.error().what, HasSubstr("pods"));
  EXPECT_THAT(listed.error().what, HasSubstr("nobody"));
  EXPECT_THAT(listed.error().remedy, HasSubstr("pods"));
}

TEST_F(KubernetesRights, in_one_namespace_show_its_pods) {
  const std::string other = group() + "-other";
  api().create_group(other);
  allow("tenant", reading_rules(), group());
  start_watch(as("tenant"));
  judge_by(group());
  const Pod hidden = api().run({.name = "hidden", .group = other});
  const Pod web = run("web");
  ASSERT_TRUE(starts(web));
  EXPECT_EQ(history(hidden), "");
  api().create_service(group(), "web", "web");
  api().create_slice("web", {web});
  EXPECT_TRUE(becomes(web, [](const Instance& it) { return it.ports.size() == 1; }));
  api().remove_all_pods(other);
}

TEST_F(KubernetesRights, in_chosen_namespaces_show_theirs) {
  const std::string other = group() + "-other";
  api().create_group(other);
  BackendOptions options = as("viewer");
  options.of<KubernetesOptions>().namespaces = {group(), other};
  start_watch(std::move(options));
  const Pod hidden = api().run({.name = "hidden", .group = "default"});
  const Pod one = run("web");
  const Pod two = api().run({.name = "web", .group = other});
  ASSERT_TRUE(starts(one) && starts(two));
  EXPECT_EQ(history(hidden), "");
  api().remove(hidden);
  api().remove(two);
  EXPECT_TRUE(stops(two));
}

TEST_F(KubernetesRights, to_pods_alone_show_complete_pods) {
  allow("tenant", {{.resources = "pods"}});
  start_watch(as("tenant"));
  const Pod web = run("web");
  ASSERT_TRUE(starts(web));
  api().create_service(group(), "web", "web");
  api().create_slice("web", {web});
  api().label(web, "tier", "front");
  EXPECT_TRUE(becomes(web, [](const Instance& it) { return it.labels.find("tier") == "front"; }));
  EXPECT_EQ(history(web), "started updated");
}

/// Applies the shipped manifests as their README says.
class KubernetesManifests : public KubernetesRights {
 protected:
  static void kubectl(const std::vector<std::string>& words) {
    const std::string& folder = cluster().room().folder();
    std::vector<std::string> command{"kubectl", "--kubeconfig", cluster().kubeconfig_of("admin"),
                                     "--cache-dir", folder + "/kubectl"};
    command.insert(command.end(), words.begin(), words.end());
    cluster().room().run(command);
  }
  static void apply(const std::string& manifest, const std::string& in = {}) {
    std::vector<std::string> words{"apply", "-f",
                                   ROLLCALL_SOURCE_DIR "/packaging/kubernetes/" + manifest};
    if (!in.empty()) words.insert(words.end(), {"-n", in});
    kubectl(words);
  }

  /// The options of the manifest's account.
  [[nodiscard]] static BackendOptions as_account() {
    cluster().write("account", cluster().account_token("rollcall", "rollcall"));
    BackendOptions options;
    options.of<KubernetesOptions>().kubeconfig =
        cluster().kubeconfig("account", "tokenFile: account");
    return options;
  }
};

TEST_F(KubernetesManifests, give_the_rights_that_a_watch_takes) {
  apply("cluster-reader.yaml");
  for (KubernetesRule rule : reading_rules()) {
    rule.verbs = "watch";
    cluster().wait_until_allowed("rollcall:rollcall", rule);
  }
  start_watch(as_account());
  const Pod web = run("web");
  ASSERT_TRUE(starts(web));
  api().create_service(group(), "web", "web");
  api().create_slice("web", {web});
  EXPECT_TRUE(becomes(web, [](const Instance& it) { return it.ports.size() == 1; }));
}

TEST_F(KubernetesManifests, for_one_namespace_give_no_more) {
  apply("cluster-reader.yaml");  // The account.
  kubectl({"delete", "clusterrolebinding", "rollcall-reader"});
  apply("namespace-reader.yaml", group());
  cluster().wait_until_allowed("rollcall:rollcall", {.resources = "pods", .verbs = "list"},
                               group());
  BackendOptions options = as_account();
  options.of<KubernetesOptions>().namespaces = {group()};
  start_watch(std::move(options));
  judge_by(group());
  ASSERT_TRUE(starts(run("web")));
  const auto all = WatchFold(RuntimeBackendKind::kubernetes, as_account(), [] {
                     cluster().room().join_network();
                   }).list();
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().kind, ErrorKind::denied) << all.error();
}

enum class Holder : std::uint8_t { file, plugin, kubeconfig };

class KubernetesToken : public KubernetesRights, public ::testing::WithParamInterface<Holder> {
 protected:
  /// Stores the token where its holder reads it.
  void hand_out(const std::string& token) const {
    cluster().write("token", token);
    if (GetParam() == Holder::kubeconfig) {
      cluster().kubeconfig("rotated", "token: " + token, group());
    }
  }

  /// Options with a kubeconfig that holds the current token.
  [[nodiscard]] BackendOptions holder() const {
    BackendOptions options;
    if (GetParam() == Holder::kubeconfig) {
      options.of<KubernetesOptions>().kubeconfig =
          fmt::format("{}/rotated.yaml", cluster().room().folder());
      return options;
    }
    if (GetParam() == Holder::file) {
      options.of<KubernetesOptions>().kubeconfig =
          cluster().kubeconfig("rotated", "tokenFile: token", group());
      return options;
    }
    const std::string plugin = cluster().write("plugin", fmt::format(R"sh(#!/bin/sh
printf '{{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential",'
printf '"status":{{"token":"%s"}}}}' "$(cat {}/token)"
)sh",
                                                                     cluster().room().folder()));
    std::filesystem::permissions(plugin, std::filesystem::perms(0755));
    options.of<KubernetesOptions>().kubeconfig = cluster().kubeconfig(
        "rotated",
        "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ./plugin, "
        "interactiveMode: Never}",
        group());
    return options;
  }
};

TEST_P(KubernetesToken, that_is_rotated_is_read_again) {
  allow(group() + ":reader", reading_rules());
  hand_out(cluster().account_token(group(), "reader"));
  start_watch(holder());
  const Pod web = run("web");
  ASSERT_TRUE(starts(web));
  // A token of a deleted account is no longer valid.
  cluster().remove_account(group(), "reader");
  hand_out(cluster().account_token(group(), "reader"));
  cluster().kill9();
  cluster().start();
  ASSERT_TRUE(counts("backend_reconnected", 1)) << transcript(watched().fold());
  const Pod later = run("later");
  EXPECT_TRUE(starts(later));
  EXPECT_EQ(history(web), "started");
}

INSTANTIATE_TEST_SUITE_P(Each, KubernetesToken,
                         ::testing::Values(Holder::file, Holder::plugin, Holder::kubeconfig),
                         [](const auto& info) {
                           if (info.param == Holder::kubeconfig) return "from_the_kubeconfig";
                           return info.param == Holder::file ? "from_a_file" : "from_a_plugin";
                         });

class KubernetesUsers : public KubernetesLive {
 protected:
  /// The list for a user with this line of YAML.
  [[nodiscard]] Result<std::vector<InstancePtr>> listed_by(const std::string& user) const {
    BackendOptions options;
    options.of<KubernetesOptions>().kubeconfig = cluster().kubeconfig("some", user, group());
    WatchFold backend(RuntimeBackendKind::kubernetes, options,
                      [] { cluster().room().join_network(); });
    return backend.list();
  }
};

TEST_F(KubernetesUsers, of_every_kind_are_let_in) {
  run("web");
  const Identity elliptic = issue(cluster().authority(), {.name = "viewer", .hosts = {}});
  const Identity rsa = issue(cluster().authority(), {.name = "viewer", .hosts = {}, .rsa = true});
  cluster().write("viewer.crt", elliptic.certificate);
  cluster().write("viewer.key", elliptic.key);
  cluster().write("viewer.token", "viewer-token");
  for (const std::string& user :
       {std::string("token: viewer-token"), std::string("tokenFile: viewer.token"),
        std::string("{client-certificate: viewer.crt, client-key: viewer.key}"),
        fmt::format("{{client-certificate-data: {}, client-key-data: {}}}",
                    to_base64(rsa.certificate), to_base64(rsa.key))}) {
    const auto listed = listed_by(user);
    ASSERT_TRUE(listed) << user.substr(0, 40) << ": " << listed.error();
    EXPECT_THAT(*listed, SizeIs(1)) << user.substr(0, 40);
  }
}

TEST_F(KubernetesUsers, that_are_nobody_are_told_so) {
  for (const std::string user : {"token: wrong", "{}"}) {
    const auto listed = listed_by(user);
    ASSERT_FALSE(listed) << user;
    EXPECT_EQ(listed.error().kind, ErrorKind::denied) << listed.error();
    EXPECT_EQ(listed.error().fault, ConnectFault::auth) << listed.error();
  }
}

}  // namespace
}  // namespace rollcall::support
