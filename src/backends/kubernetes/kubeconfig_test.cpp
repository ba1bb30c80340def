#include "backends/kubernetes/kubeconfig.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temp_folder.hpp"
#include "transport/base64.hpp"

namespace rollcall::kubernetes {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

/// A kubeconfig with one context, this cluster and this user.
std::string kubeconfig(const std::string& cluster, const std::string& user = "") {
  return fmt::format(R"(apiVersion: v1
kind: Config
current-context: prod
contexts:
- name: prod
  context: {{cluster: c, user: u, namespace: shop}}
clusters:
- name: c
  cluster: {{{}}}
users:
- name: u
  user: {{{}}}
)",
                     cluster, user);
}

Result<Access> access(const std::string& yaml) {
  auto config = read_kubeconfig(yaml, "/etc/k/config");
  if (!config) return fail(config.error());
  return resolve(*config, "", "KUBECONFIG");
}

const std::string https = R"(server: "https://k8s.example:6443")";

TEST(Kubeconfig, SaysWhereTheServerIsAndWhoWeAre) {
  const auto found = access(kubeconfig(https, "token: t0"));
  ASSERT_TRUE(found) << found.error().describe();
  EXPECT_EQ(found->url(), "https://k8s.example:6443");
  EXPECT_EQ(found->default_namespace, "shop");
  EXPECT_EQ(found->credentials, CredentialSource(BearerToken{"t0"}));
  EXPECT_EQ(found->origin, "KUBECONFIG /etc/k/config, context prod, the user u (token)");
  EXPECT_FALSE(found->local());
}

TEST(Kubeconfig, ServersHaveAPathAPortOrNoScheme) {
  struct Row {
    const char* cluster;
    const char* url;
    const char* path;
  };
  const std::vector<Row> rows = {
      {R"(server: "https://r.example/k8s/clusters/c-1/")", "https://r.example:443",
       "/k8s/clusters/c-1"},
      {R"(server: "https://r.example/")", "https://r.example:443", ""},
      {R"(server: "http://127.0.0.1:8001")", "tcp://127.0.0.1:8001", ""},
      {R"(server: "https://[::1]:6443")", "https://[::1]:6443", ""},
      {R"(server: "k8s:6443")", "tcp://k8s:6443", ""},
      {R"(server: "k8s:6443", insecure-skip-tls-verify: true)", "https://k8s:6443", ""},
      {R"(server: "unix:///run/proxy.sock")", "unix:///run/proxy.sock", ""},
  };
  for (const Row& row : rows) {
    const auto found = access(kubeconfig(row.cluster));
    ASSERT_TRUE(found) << row.cluster << found.error().describe();
    EXPECT_EQ(found->endpoint.url(), row.url);
    EXPECT_EQ(found->url_path, row.path);
  }
}

TEST(Kubeconfig, FilesAreRelativeToItsFolderAndDataStandsForThem) {
  const auto files = access(kubeconfig(
      https + ", certificate-authority: pki/ca.crt, tls-server-name: api",
      "client-certificate: ../u.crt, client-key: /abs/u.key, tokenFile: t, token: less"));
  ASSERT_TRUE(files) << files.error().describe();
  const TlsOptions& tls = files->endpoint.tls;
  EXPECT_EQ(tls.authority.file, "/etc/k/pki/ca.crt");
  EXPECT_EQ(tls.certificate.file, "/etc/u.crt");
  EXPECT_EQ(tls.key.file, "/abs/u.key");
  EXPECT_EQ(tls.server_name, "api");
  EXPECT_EQ(files->credentials, CredentialSource(TokenFile{"/etc/k/t", "less"}));

  const auto data =
      access(kubeconfig(fmt::format("{}, certificate-authority-data: {}", https, to_base64("CA")),
                        fmt::format("client-certificate-data: {}, client-key-data: {}",
                                    to_base64("CERT"), to_base64("KEY"))));
  ASSERT_TRUE(data) << data.error().describe();
  EXPECT_EQ(data->endpoint.tls.authority, (Pem{.file = {}, .text = "CA"}));
  EXPECT_EQ(data->endpoint.tls.certificate.text, "CERT");
  EXPECT_EQ(data->endpoint.tls.key.text, "KEY");
  EXPECT_THAT(data->origin, HasSubstr("the user u (client certificate)"));
}

TEST(Kubeconfig, AServerThatIsBelievedUnseenHasNoAuthority) {
  const auto found = access(kubeconfig(https + ", insecure-skip-tls-verify: true"));
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->endpoint.tls.verify);
  EXPECT_TRUE(found->endpoint.tls.authority.empty());
}

TEST(Kubeconfig, APluginIsRelativeIfItHasAPathAndIsToldOfTheClusterIfItWants) {
  const auto found = access(R"(
current-context: prod
contexts: [{name: prod, context: {cluster: c, user: u}}]
clusters:
- name: c
  cluster:
    server: https://k8s:6443
    certificate-authority-data: Q0E=
    tls-server-name: api
    extensions:
    - name: client.authentication.k8s.io/exec
      extension: {audience: me, port: 7, quoted: "7", on: true, list: [a]}
users:
- name: u
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      command: bin/login
      args: [get-token, --id, '7']
      env: [{name: REGION, value: eu}]
      installHint: brew install login
      interactiveMode: IfAvailable
      provideClusterInfo: true
)");
  ASSERT_TRUE(found) << found.error().describe();
  const auto* plugin = std::get_if<ExecPlugin>(&found->credentials);
  ASSERT_NE(plugin, nullptr);
  EXPECT_EQ(plugin->command, "/etc/k/bin/login");
  EXPECT_THAT(plugin->arguments, ElementsAre("get-token", "--id", "7"));
  EXPECT_THAT(plugin->variables, ElementsAre(Pair("REGION", "eu")));
  EXPECT_EQ(plugin->install_hint, "brew install login");
  EXPECT_FALSE(plugin->wants_terminal);
  EXPECT_EQ(plugin->cluster_info,
            R"({"server":"https://k8s:6443","tls-server-name":"api",)"
            R"("certificate-authority-data":"Q0E=",)"
            R"("config":{"audience":"me","port":7,"quoted":"7","on":true,"list":["a"]}})");
}

TEST(Kubeconfig, NothingOfTheUserIsSentToAServerWithoutTls) {
  for (const char* user : {"token: secret", "tokenFile: /secret", "username: u, password: secret",
                           "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: p}",
                           "token: secret, as: jane"}) {
    for (const char* server : {"http://far.example:80", "http://127.0.0.1:8001"}) {
      const auto found = access(kubeconfig(fmt::format("server: \"{}\"", server), user));
      ASSERT_TRUE(found) << found.error().describe();
      EXPECT_EQ(found->credentials, CredentialSource(NoCredential{})) << user;
      EXPECT_TRUE(found->impersonation.empty());
      EXPECT_THAT(found->origin, HasSubstr("nothing of it is sent: the server is without TLS"));
    }
  }
}

TEST(Kubeconfig, SomebodyElseMayBeImpersonated) {
  const auto found = access(kubeconfig(
      https, "token: t, as: jane, as-uid: '7', as-groups: [dev, ops], as-user-extra: {a/b: [c]}"));
  ASSERT_TRUE(found);
  EXPECT_THAT(found->impersonation,
              ElementsAre(Pair("Impersonate-User", "jane"), Pair("Impersonate-Uid", "7"),
                          Pair("Impersonate-Group", "dev"), Pair("Impersonate-Group", "ops"),
                          Pair("Impersonate-Extra-a%2Fb", "c")));
  EXPECT_THAT(found->origin, HasSubstr("the user u (token) as jane"));
}

TEST(Kubeconfig, AProxyIsTakenWithItsPasswordWhichIsNeverTold) {
  const auto found =
      access(kubeconfig(https + R"(, proxy-url: "http://me:secret@proxy:3128")", "token: t"));
  ASSERT_TRUE(found) << found.error().describe();
  ASSERT_TRUE(found->proxy);
  EXPECT_EQ(found->proxy->endpoint.url(), "tcp://proxy:3128");
  EXPECT_EQ(found->proxy->authorization, "Basic " + to_base64("me:secret"));
  EXPECT_THAT(found->origin, Not(HasSubstr("secret")));
}

struct Wrong {
  std::string yaml;
  const char* what;
};

TEST(Kubeconfig, WhatIsWrongOrNotSupportedIsNamedWithItsFileAndEntryAndWithoutSecrets) {
  const std::string chosen = "current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\n";
  const std::string plugin = "exec: {command: x, apiVersion: client.authentication.k8s.io/";
  const std::vector<Wrong> rows = {
      {"a: [", "is no YAML: line"},
      {"[]", "the kubeconfig is no map"},
      {"clusters: 7", "the kubeconfig has clusters that are no list"},
      {chosen + "clusters: [{name: c, cluster: 7}]", "the cluster c is no map"},
      {chosen + "clusters: [{name: c}, {name: c}]", "the cluster c is written twice"},
      {kubeconfig(https, "token: [secret]"), "the user u has a token that is no text"},
      {kubeconfig(https, "client-key-data: '*secret'"), "the user u has a client-key-data"},
      {kubeconfig(https, "exec: {args: [a]}"), "the user u has exec without a command"},
      {"current-context: a\ncontexts: [{name: a, context: {cluster: 7}}]",
       "the context a has a cluster that is a number"},
      {kubeconfig(https, "token: 1234"), "has a token that is a number: text stands in quotes"},
      {kubeconfig(https, "as: yes"), "the user u has a as that is a truth value"},
      {kubeconfig(https, "as: x, as-groups: [7]"), "has a as-groups that is a number"},
      {kubeconfig(https, "as: x, as-user-extra: [a]"), "has an as-user-extra that is no map"},
      {kubeconfig(https, "as-groups: [g]"), "has as-uid, as-groups or as-user-extra without `as`"},
      {kubeconfig(https, "as-uid: '7'"), "has as-uid, as-groups or as-user-extra without `as`"},
      {kubeconfig(https, "token: secret, username: me"), "has both a token and a username"},
      {kubeconfig(https, "token: secret, password: secret"), "has both a token and a username"},
      {kubeconfig(https, "tokenFile: t, username: me"), "has both a token and a username"},
      {kubeconfig(https + ", certificate-authority: a, certificate-authority-data: YQ=="),
       "has both certificate-authority and certificate-authority-data"},
      {kubeconfig(https + ", insecure-skip-tls-verify: true, certificate-authority: ca"),
       "the cluster c has both a certificate-authority and insecure-skip-tls-verify"},
      {kubeconfig(https, plugin + "v1}"), "the user u has exec without an interactiveMode"},
      {kubeconfig(https, plugin + "v1, interactiveMode: Sometimes}"),
       "the user u has the interactiveMode Sometimes"},
      {kubeconfig(https, plugin + "v1beta1}, auth-provider: {name: gcp}"),
       "the user u has both exec and an auth-provider"},
      {kubeconfig(https, plugin + "v1beta1}, auth-provider: {}"),
       "the user u has both exec and an auth-provider"},
      {kubeconfig(https, plugin + "v1beta1, args: [7]}"), "has a args that is a number"},
      {kubeconfig(https, plugin + "v1beta1, env: [{value: x}]}"), "has a variable without a name"},
      {"contexts: []", "has no current context"},
      {"current-context: x\ncontexts: [{name: a}, {name: b}]", "has no context x"},
      {"current-context: a\ncontexts: [{name: a, context: {cluster: c}}]",
       "the context a is of the cluster c, which is not there"},
      {kubeconfig(""), "which has no server"},
      {"current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n"
       "clusters: [{name: c, cluster: {server: 'https://k8s'}}]",
       "is of the user u, which is not there"},
      {kubeconfig("server: 'ftp://k8s'"), "the cluster c: the scheme ftp:// is not supported"},
      {kubeconfig("server: 'https://k8s/a?b'"), "the cluster c: this is no URL of a Kubernetes"},
      {kubeconfig("server: 'https://me:secret@k8s'"), "the cluster c: a user or a password"},
      {kubeconfig(https + ", proxy-url: 'socks5://me:secret@p:1080'"),
       "the cluster c has a proxy-url: a proxy of the kind socks5:// is not supported"},
      {kubeconfig(https, "client-certificate: a"), "the user u has a client-certificate without"},
      {kubeconfig(https, "client-key: a"), "the user u has a client-key without"},
      {kubeconfig(https, "username: me, password: secret"), "the user u has a username and"},
      {kubeconfig(https,
                  "username: me, "
                  "exec: {command: x, apiVersion: client.authentication.k8s.io/v1beta1}"),
       "the user u has a username and"},
      {kubeconfig(https, "auth-provider: {name: gcp, config: {access-token: secret}}"),
       "the user u has the auth-provider gcp, which is not supported"},
      {kubeconfig(https, "token: secret, auth-provider: {name: gcp}"),
       "the user u has the auth-provider gcp, which is not supported"},
      {kubeconfig(https, "exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}"),
       "the user u has a plugin of the version client.authentication.k8s.io/v1alpha1"},
  };
  for (const Wrong& row : rows) {
    const auto found = access(row.yaml);
    ASSERT_FALSE(found) << row.yaml;
    EXPECT_EQ(found.error().kind, ErrorKind::invalid_config);
    EXPECT_EQ(found.error().endpoint, "/etc/k/config") << row.yaml;
    EXPECT_THAT(found.error().what, HasSubstr(row.what));
    EXPECT_THAT(found.error().describe(), Not(HasSubstr("secret")));
    EXPECT_NE(found.error().remedy, "");
  }
}

TEST(Kubeconfig, TruthValuesAreThoseOfYaml11AndNonsenseIsNamed) {
  const std::string key = ", insecure-skip-tls-verify: ";
  for (const char* word : {"true", "True", "TRUE", "yes", "on", "y", "!!bool 'true'"}) {
    const auto found = access(kubeconfig(https + key + word));
    ASSERT_TRUE(found) << word;
    EXPECT_FALSE(found->endpoint.tls.verify) << word;
  }
  for (const char* word : {"false", "False", "no", "off", "n", "null", "~", ""}) {
    const auto found = access(kubeconfig(https + key + word));
    ASSERT_TRUE(found) << word;
    EXPECT_TRUE(found->endpoint.tls.verify) << word;
  }
  for (const char* word : {"maybe", "'true'", "1", "0", "tRUE", "!!str true", "[true]", "{}"}) {
    const auto found = access(kubeconfig(https + key + word));
    ASSERT_FALSE(found) << word;
    EXPECT_THAT(found.error().what, HasSubstr("insecure-skip-tls-verify")) << word;
  }
}

TEST(Kubeconfig, OnlyWhatIsChosenIsJudged) {
  const auto found = access(kubeconfig(https, "token: t") + R"(
- {name: {}, user: {token: x}}
- {name: other, user: {token: 7, exec: {}, client-key-data: '*'}}
- {name: other, user: {}}
)");
  ASSERT_TRUE(found) << found.error().describe();
  EXPECT_EQ(found->credentials, CredentialSource(BearerToken{"t"}));
}

TEST(Kubeconfig, OfEqualKeysTheLastCountsAndMergedOnesLess) {
  const auto last = access(kubeconfig(https, "token: a, token: b, Token: c"));
  ASSERT_TRUE(last) << last.error().describe();
  EXPECT_EQ(last->credentials, CredentialSource(BearerToken{"b"}));
  const auto merged =
      access("shared: &s {token: less, as: jane}\nmore: &m {as: joe, as-uid: '7'}\n" +
             kubeconfig(https, "<<: [*s, *m], token: more"));
  ASSERT_TRUE(merged) << merged.error().describe();
  EXPECT_EQ(merged->credentials, CredentialSource(BearerToken{"more"}));
  EXPECT_THAT(merged->impersonation,
              ElementsAre(Pair("Impersonate-User", "jane"), Pair("Impersonate-Uid", "7")));
}

TEST(Kubeconfig, AContextThatIsNotThereIsAnsweredWithThoseThatAre) {
  const auto found = access("current-context: x\ncontexts: [{name: a}, {name: b}]");
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().remedy, HasSubstr("--context: it has a, b"));
}

TEST(Kubeconfig, OfSeveralFilesTheFirstThatSaysSomethingCountsAndEntriesAreNeverMixed) {
  const support::TempFolder folder;
  folder.write("one", R"(
current-context: prod
users: [{name: u, user: {tokenFile: token}}]
)");
  folder.write("empty", "");
  folder.write("sub/two", R"(
current-context: other
contexts: [{name: prod, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://k8s", certificate-authority: ca}}]
users: [{name: u, user: {token: less, as: jane}}, {name: v}]
)");
  const auto path = [&](const char* name) { return folder.path() / name; };
  const auto config =
      load_kubeconfig({path("missing"), path("one"), path("empty"), path("sub/two")});
  ASSERT_TRUE(config) << config.error().describe();
  ASSERT_TRUE(*config);
  EXPECT_THAT((*config)->files, ElementsAre(path("one"), path("empty"), path("sub/two")));
  const auto found = resolve(**config, "", "KUBECONFIG");
  ASSERT_TRUE(found) << found.error().describe();
  EXPECT_EQ(found->credentials, CredentialSource(TokenFile{path("token")}));
  EXPECT_TRUE(found->impersonation.empty());
  EXPECT_EQ(found->endpoint.tls.authority.file, path("sub/ca"));
}

TEST(Kubeconfig, FilesOfWhichNoneIsThereAreNone) {
  const auto config = load_kubeconfig({"/nowhere/a", "/dev/null/b"});
  ASSERT_TRUE(config);
  EXPECT_FALSE(*config);
}

TEST(Kubeconfig, OneThatCannotBeReadIsAnError) {
  const support::TempFolder folder;
  const auto config = load_kubeconfig({folder.path()});
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().endpoint, folder.path().string());
  EXPECT_THAT(config.error().what, HasSubstr("cannot be read"));
}

TEST(Kubeconfig, AnAliasThatGrowsIsCutOff) {
  std::string extension = "{a: &a0 [x, x, x, x]";
  for (int i = 1; i < 12; ++i) {
    extension += fmt::format(", b{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}]", i, i - 1);
  }
  const auto config =
      read_kubeconfig(fmt::format("clusters: [{{name: c, cluster: {{extensions: [{{name: "
                                  "client.authentication.k8s.io/exec, extension: {}}}}}]}}}}]",
                                  extension),
                      "/x");
  ASSERT_TRUE(config) << config.error().describe();
  EXPECT_LT(config->clusters.at(0).exec_config.size(), 100'000U);
}

}  // namespace
}  // namespace rollcall::kubernetes
