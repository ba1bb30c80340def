#include "backends/kubernetes/places.hpp"

#include <filesystem>
#include <map>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rollcall/options/kubernetes.hpp>

#include "support/environment.hpp"
#include "support/temp_folder.hpp"

namespace rollcall::kubernetes {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string kubeconfig(const std::string& host) {
  return fmt::format(R"(
current-context: main
contexts:
- name: main
  context: {{cluster: main, user: u}}
- name: other
  context: {{cluster: other, user: u}}
clusters:
- name: main
  cluster: {{server: "https://{0}:6443"}}
- name: other
  cluster: {{server: "https://other.{0}:6443", insecure-skip-tls-verify: true}}
users:
- name: u
  user: {{token: secret-{0}}}
)",
                     host);
}

class KubernetesPlaces : public testing::Test {
 protected:
  KubernetesPlaces() { variables_["HOME"] = (folder_.path() / "home").string(); }

  std::string path(const char* name) const { return (folder_.path() / name).string(); }
  void in_pod() {
    variables_["KUBERNETES_SERVICE_HOST"] = "10.0.0.1";
    variables_["KUBERNETES_SERVICE_PORT"] = "443";
    folder_.write("sa/token", "t");
    folder_.write("sa/ca.crt", "ca");
    folder_.write("sa/namespace", "shop\n");
  }
  Result<std::vector<Place>> look() {
    options_.getenv = support::variables(variables_);
    return places(options_, path("sa"));
  }
  /// "URL by SOURCE", or the error.
  std::string found() {
    auto all = look();
    if (!all) return all.error().describe();
    EXPECT_EQ(all->size(), 1U);
    return all->front().url + " by " + all->front().source;
  }

  support::TempFolder folder_;
  std::map<std::string, std::string, std::less<>> variables_;
  BackendOptions options_;
};

TEST_F(KubernetesPlaces, AreReachedByTheProxyOfTheEnvironmentUnlessTheyNameOne) {
  in_pod();
  variables_["HTTPS_PROXY"] = "http://proxy.example:3128";
  auto all = look();
  ASSERT_TRUE(all);
  EXPECT_THAT(all->front().note, HasSubstr("by way of the proxy tcp://proxy.example:3128"));
  variables_["NO_PROXY"] = "10.0.0.0/8";
  EXPECT_THAT(look()->front().note, Not(HasSubstr("proxy")));
  variables_["NO_PROXY"] = "";
  variables_["HTTPS_PROXY"] = "socks5://proxy.example";
  EXPECT_THAT(found(), HasSubstr("HTTPS_PROXY"));
}

TEST_F(KubernetesPlaces, WithoutAnythingThereIsNone) {
  const auto none = look();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().fault, ConnectFault::missing);
  EXPECT_THAT(none.error().describe(), AllOf(HasSubstr(".kube/config"), HasSubstr("--kubeconfig")));
}

TEST_F(KubernetesPlaces, TheOptionCountsMoreThanTheVariableThanThePodThanTheHome) {
  folder_.write("home/.kube/config", kubeconfig("home"));
  EXPECT_EQ(found(), "https://home:6443 by ~/.kube/config");
  in_pod();
  EXPECT_EQ(found(), "https://10.0.0.1:443 by service account");
  folder_.write("variable", kubeconfig("variable"));
  variables_["KUBECONFIG"] = path("missing") + "::" + path("variable") + ":" + path("variable");
  EXPECT_EQ(found(), "https://variable:6443 by KUBECONFIG");
  folder_.write("option", kubeconfig("option"));
  options_.of<KubernetesOptions>().kubeconfig = path("option");
  EXPECT_EQ(found(), "https://option:6443 by --kubeconfig");
}

TEST_F(KubernetesPlaces, TheirAccessIsFoundAnewInTheSameFiles) {
  options_.of<KubernetesOptions>().kubeconfig = path("option");
  folder_.write("option", kubeconfig("home"));
  const auto all = look();
  ASSERT_TRUE(all);
  const FindAccess find = access_finder_of(all->front());
  EXPECT_EQ(*find(), *access_of(all->front()));
  std::string rewritten = kubeconfig("home");
  rewritten.replace(rewritten.find("secret-home"), 6, "fresh");
  folder_.write("option", rewritten);
  EXPECT_EQ(find()->credentials, CredentialSource(BearerToken{"fresh-home"}));
  folder_.write("option", "{");
  EXPECT_FALSE(find());
  EXPECT_FALSE(access_finder_of({}));
}

TEST_F(KubernetesPlaces, WhatWasNamedAndIsNotThereIsMissed) {
  folder_.write("home/.kube/config", kubeconfig("home"));
  variables_["KUBECONFIG"] = path("missing");
  EXPECT_THAT(found(), HasSubstr("no kubeconfig that KUBECONFIG names is there"));
  options_.of<KubernetesOptions>().kubeconfig = path("gone");
  EXPECT_THAT(found(), AllOf(HasSubstr(path("gone")), HasSubstr("there is no such kubeconfig")));
}

TEST_F(KubernetesPlaces, AContextIsOfAKubeconfigAlsoInAPod) {
  in_pod();
  folder_.write("home/.kube/config", kubeconfig("home"));
  options_.of<KubernetesOptions>().context = "other";
  EXPECT_EQ(found(), "https://other.home:6443 by ~/.kube/config");
  options_.of<KubernetesOptions>().context = "third";
  EXPECT_THAT(found(), HasSubstr("no context third"));
}

TEST_F(KubernetesPlaces, TheServiceAccountOfAPodIsItsFiles) {
  in_pod();
  variables_["KUBERNETES_SERVICE_HOST"] = "fd00::1";
  const auto all = look();
  ASSERT_TRUE(all) << all.error().describe();
  const Access* access = access_of(all->front());
  ASSERT_NE(access, nullptr);
  EXPECT_EQ(access->url(), "https://[fd00::1]:443");
  EXPECT_EQ(access->endpoint.tls.authority.file, path("sa/ca.crt"));
  EXPECT_EQ(access->credentials, CredentialSource(TokenFile{path("sa/token")}));
  EXPECT_EQ(access->default_namespace, "shop");
}

TEST_F(KubernetesPlaces, ANoteTellsTheChainAndItsDangersAndNoSecret) {
  folder_.write("home/.kube/config", kubeconfig("home"));
  options_.of<KubernetesOptions>().context = "other";
  const auto all = look();
  ASSERT_TRUE(all);
  EXPECT_THAT(all->front().note, AllOf(HasSubstr(path("home/.kube/config")),
                                       HasSubstr("context other"), HasSubstr("the user u (token)"),
                                       HasSubstr("not verified"), Not(HasSubstr("secret"))));
}

TEST_F(KubernetesPlaces, AnEndpointIsReachedAsTheUserWhoseContextLeadsThere) {
  folder_.write("home/.kube/config", kubeconfig("home"));
  options_.endpoint = "https://other.home:6443/";
  EXPECT_EQ(found(), "https://other.home:6443 by ~/.kube/config");
  EXPECT_EQ(access_of(look()->front())->credentials, CredentialSource(BearerToken{"secret-home"}));
  options_.endpoint = "https://elsewhere:6443/prefix";
  EXPECT_EQ(found(), "https://elsewhere:6443/prefix by --endpoint");
  EXPECT_EQ(access_of(look()->front())->credentials, CredentialSource(NoCredential{}))
      << "nobody else is told our token";
  options_.endpoint = "ssh://host";
  EXPECT_THAT(found(), HasSubstr("no URL of a Kubernetes API server"));
}

TEST_F(KubernetesPlaces, ABrokenKubeconfigIsNoReasonNotToAskAnEndpointUnlessItWasNamed) {
  folder_.write("home/.kube/config", "a: [");
  options_.endpoint = "http://127.0.0.1:8001";
  EXPECT_EQ(found(), "tcp://127.0.0.1:8001 by --endpoint");
  EXPECT_THAT(look()->front().note, HasSubstr("without a credential"));
  options_.of<KubernetesOptions>().kubeconfig = path("home/.kube/config");
  EXPECT_THAT(found(), HasSubstr("no YAML"));
}

TEST_F(KubernetesPlaces, OptionsOfTlsAreOfAnEndpointThatSpeaksIt) {
  options_.endpoint = "https://elsewhere:6443";
  options_.tls = TlsOptions{.server_name = "api"};
  EXPECT_EQ(access_of(look()->front())->endpoint.tls.server_name, "api");
  options_.endpoint = "http://elsewhere:6443";
  EXPECT_FALSE(look());
}

TEST_F(KubernetesPlaces, OnlyInsideAPodItIsMeantWithoutBeingNamed) {
  options_.getenv = support::variables({{"KUBECONFIG", "/x"}, {"HOME", "/root"}});
  EXPECT_FALSE(in_cluster(options_));
}

}  // namespace
}  // namespace rollcall::kubernetes
