// The built program against a real API server.
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/kubernetes_cluster.hpp"
#include "support/paths.hpp"

namespace rollcall::support {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr ExitStatus success{.code = 0, .signal = 0};

class KubernetesCommand : public ::testing::Test {
 protected:
  static KubernetesCluster& cluster() {
    static KubernetesCluster one;
    static const bool read = [] {
      one.allow("viewer", reading_rules());
      one.api().create_group("shop");
      return true;
    }();
    static_cast<void>(read);
    return one;
  }

  void TearDown() override {
    for (const char* group : {"default", "shop"}) cluster().api().remove_all_pods(group);
  }

  /// The program in the cluster's network, with these variables and no other that matters.
  static std::vector<std::string> command(const std::vector<std::string>& variables,
                                          const std::vector<std::string>& words) {
    std::vector<std::string> line = {"env"};
    for (const char* name : {"KUBECONFIG", "DOCKER_HOST", "KUBERNETES_SERVICE_HOST"}) {
      line.insert(line.end(), {"-u", name});
    }
    line.emplace_back("HOME=/nonexistent");
    line.insert(line.end(), variables.begin(), variables.end());
    line.emplace_back(ROLLCALL_COMMAND);
    line.insert(line.end(), words.begin(), words.end());
    return line;
  }

  static Output rollcall(const std::vector<std::string>& words,
                         const std::vector<std::string>& variables) {
    const Capture out;
    const Capture err;
    Process process = cluster().room().spawn(command(variables, words),
                                             {.in = -1, .out = out.fd(), .err = err.fd()});
    const auto status = process.wait(60s);
    return {.status = status, .out = out.text(), .err = err.text()};
  }

  static Output rollcall(const std::vector<std::string>& words) {
    return rollcall(words, {"KUBECONFIG=" + cluster().kubeconfig_of("viewer")});
  }

  static std::string in_group(const std::string& name) {
    return cluster().api().run({.name = name, .group = "shop", .labels = {{"app", name}}}).uid;
  }
};

TEST_F(KubernetesCommand, ls_and_explain_tell_pods_and_how_they_are_reached) {
  KubernetesApi& api = cluster().api();
  const Pod web = api.run(
      {.name = "web", .labels = {{"app", "web"}}, .ports = {{.name = "http", .number = 8080}}},
      "10.9.1.1");
  in_group("cart");
  api.create_service("default", "web", "web");
  api.create_slice("web", {web});
  const Output listed = rollcall({"ls", "kubernetes"});
  EXPECT_EQ(listed.status, success) << listed.err;
  EXPECT_THAT(listed.out, AllOf(HasSubstr("web"), HasSubstr("cart"), HasSubstr("shop")));
  const Output as_json = rollcall({"ls", "kubernetes", "-o", "json"});
  const json::value all = json::parse(as_json.out);
  ASSERT_EQ(all.at("instances").as_array().size(), 2U) << as_json.out;
  const Output explained = rollcall({"explain", "web", "--runtime", "kubernetes"});
  EXPECT_EQ(explained.status, success) << explained.err;
  EXPECT_THAT(explained.out,
              AllOf(HasSubstr("10.9.1.1"), HasSubstr(":80->8080/tcp"), HasSubstr(web.uid)));
  api.remove_service("default", "web");
  api.remove_slice("default", "web");
}

TEST_F(KubernetesCommand, context_and_namespace_are_chosen) {
  in_group("cart");
  cluster().api().run({.name = "elsewhere"});
  const std::string config = cluster().kubeconfig_of("viewer");
  const Output chosen = rollcall({"ls", "--kubeconfig", config, "--namespace", "shop"}, {});
  EXPECT_EQ(chosen.status, success) << chosen.err;
  EXPECT_THAT(chosen.out, AllOf(HasSubstr("cart"), Not(HasSubstr("elsewhere"))));
  const Output named = rollcall({"ls", "kubernetes", "--context", "test"});
  EXPECT_THAT(named.out, AllOf(HasSubstr("cart"), HasSubstr("elsewhere"))) << named.err;
  const Output absent = rollcall({"ls", "kubernetes", "--context", "nope"});
  EXPECT_NE(absent.status, success);
  EXPECT_THAT(absent.err, HasSubstr("nope"));
}

TEST_F(KubernetesCommand, doctor_explains_the_chain) {
  const std::string config = cluster().kubeconfig_of("viewer");
  const Output allowed = rollcall({"doctor", "kubernetes"});
  EXPECT_EQ(allowed.status, success) << allowed.err << allowed.out;
  EXPECT_THAT(allowed.out, AllOf(HasSubstr(config), HasSubstr("test"), HasSubstr("token"),
                                 HasSubstr("1.20"), HasSubstr("pods")));
  const Output refused =
      rollcall({"doctor", "kubernetes"}, {"KUBECONFIG=" + cluster().kubeconfig_of("nobody")});
  EXPECT_THAT(refused.out, AllOf(HasSubstr("nobody"), HasSubstr("may not"), HasSubstr("pods")));
}

TEST_F(KubernetesCommand, a_kubeconfig_at_home_is_no_reason_to_call) {
  cluster().api().run({.name = "web-at-home"});
  const fs::path home = cluster().room().folder() + "/home";
  fs::create_directories(home / ".kube");
  fs::copy_file(cluster().kubeconfig_of("viewer"), home / ".kube/config",
                fs::copy_options::overwrite_existing);
  fs::copy_file(cluster().room().folder() + "/ca.crt", home / ".kube/ca.crt",
                fs::copy_options::overwrite_existing);
  const Output all = rollcall({"ls"}, {"HOME=" + home.string()});
  EXPECT_THAT(all.out + all.err, Not(HasSubstr("web-at-home")));
  EXPECT_THAT(all.err, Not(HasSubstr("kubernetes")));
  const Output named = rollcall({"ls", "kubernetes"}, {"HOME=" + home.string()});
  EXPECT_EQ(named.status, success) << named.err;
  EXPECT_THAT(named.out, HasSubstr("web-at-home"));
}

TEST_F(KubernetesCommand, in_a_pod_its_service_account_is_who_asks) {
  in_group("cart");
  cluster().allow("shop:rollcall", reading_rules(), "shop");
  const std::string token =
      cluster().write("pod-token", cluster().account_token("shop", "rollcall"));
  cluster().room().run(
      {"sh", "-ec",
       fmt::format("to=/run/secrets/kubernetes.io/serviceaccount; mkdir -p $to; "
                   "cp {} $to/token; cp {}/ca.crt $to/; printf shop >$to/namespace",
                   token, cluster().room().folder())});
  const std::vector<std::string> variables = {"KUBERNETES_SERVICE_HOST=127.0.0.1",
                                              "KUBERNETES_SERVICE_PORT=6443"};
  const Output listed = rollcall({"ls"}, variables);
  EXPECT_THAT(listed.out, HasSubstr("cart")) << listed.err;
  const Output doctor = rollcall({"doctor", "kubernetes"}, variables);
  EXPECT_EQ(doctor.status, success) << doctor.out << doctor.err;
  EXPECT_THAT(doctor.out, HasSubstr("service account"));
  cluster().room().run({"rm", "-r", "/run/secrets"});
  cluster().forbid("shop:rollcall", "shop");
}

TEST_F(KubernetesCommand, a_watch_that_stood_still_misses_nothing) {
  constexpr std::size_t many = 60;
  const Capture out;
  const Process watch =
      cluster().room().spawn(command({"KUBECONFIG=" + cluster().kubeconfig_of("viewer")},
                                     {"watch", "kubernetes", "-o", "jsonl"}),
                             {.in = -1, .out = out.fd(), .err = -1});
  const auto tells = [&](const std::string& what) {
    return eventually(60s, [&] { return out.text().contains(what); });
  };
  const std::string before = in_group("before");
  ASSERT_TRUE(tells(R"("name":"before")")) << out.text();
  watch.freeze();
  // More than the sockets hold: the server silently drops a client that does not read.
  const std::string padding(100'000, 'x');
  std::vector<Pod> pods(many);
  cluster().at_once(many, [&](KubernetesApi& api, std::size_t i) {
    pods[i] =
        api.run({.name = fmt::format("p{}", i), .annotations = {{"example.org/padding", padding}}});
    api.label(pods[i], "round", "two");
  });
  cluster().api().remove({.uid = before, .group = "shop", .name = "before"});
  in_group("after");
  watch.signal(SIGCONT);
  EXPECT_TRUE(tells(fmt::format(R"("type":"stopped","id":"{}")", before)));
  EXPECT_TRUE(tells(R"("name":"after")"));
  for (const Pod& pod : pods) EXPECT_TRUE(tells(pod.uid)) << pod.name;
}

}  // namespace
}  // namespace rollcall::support
