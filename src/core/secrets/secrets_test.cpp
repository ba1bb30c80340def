#include "core/secrets/secrets.hpp"

#include <ctime>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/masking.hpp"
#include "support/every_document.hpp"

namespace rollcall {
namespace {

using test::planted;

std::string prose(std::string_view text) {
  return without_secrets(text, TextKind::prose);
}

TEST(Secrets, AreMaskedByTheNamesOfLabels) {
  for (const char* key :
       {"db.password", "DB_PASSWORD", "app/apiToken", "rollcall.txt.secret", "my.api-key",
        "traefik.http.middlewares.auth.basicauth.users", "caddy.basic_auth.bob",
        "traefik.http.middlewares.x.headers.customrequestheaders.Authorization"}) {
    EXPECT_EQ(label_without_secrets(key, "hunter"), "***") << key;
  }
}

TEST(Secrets, AreNotSeenInOrdinaryLabels) {
  for (const char* key : {"com.docker.compose.project", "db.password.file", "tls.passthrough",
                          "app.kubernetes.io/name", "token.ttl", "keyboard", "compass",
                          "traefik.http.routers.secret.rule"}) {
    EXPECT_EQ(label_without_secrets(key, "value"), "value") << key;
  }
}

TEST(Secrets, SaySoMuchAsTheirNameDoes) {
  EXPECT_EQ(secrecy_of("password"), Secrecy::sure);
  EXPECT_EQ(secrecy_of("tls.key"), Secrecy::unless_path);
  EXPECT_EQ(secrecy_of("session"), Secrecy::if_plausible);
  EXPECT_EQ(secrecy_of("key"), Secrecy::none);
  EXPECT_EQ(secrecy_of("password_file"), Secrecy::none);
  EXPECT_EQ(secrecy_of(std::string(10000, 'x') + "_password"), Secrecy::sure);
  EXPECT_FALSE(is_secret(Secrecy::sure, ""));
  EXPECT_FALSE(is_secret(Secrecy::sure, "True"));
  EXPECT_FALSE(is_secret(Secrecy::sure, "${PASSWORD}"));
  EXPECT_TRUE(is_secret(Secrecy::sure, "${PASSWORD}x"));
  EXPECT_FALSE(is_secret(Secrecy::unless_path, "/run/tls.key"));
  EXPECT_FALSE(is_secret(Secrecy::if_plausible, "localhost:8080"));
  EXPECT_TRUE(is_secret(Secrecy::if_plausible, "bob:hunter"));
}

TEST(Secrets, OfUrlsLeaveTheRestOfThem) {
  EXPECT_EQ(prose("postgres://u:pw@db/x?a=b"), "postgres://u:***@db/x?a=b");
  EXPECT_EQ(prose("http://db:80/x"), "http://db:80/x");
  EXPECT_EQ(prose("https://bob:a/b@host:8443/path"), "https://bob:***@host:8443/path");
  EXPECT_EQ(prose("https://bob:pw@host/@scope/name"), "https://bob:***@host/@scope/name");
  EXPECT_EQ(prose("http://registry:5000/@scope/name"), "http://registry:5000/@scope/name");
  EXPECT_EQ(prose("a://u:p@x,b://v:q@y"), "a://u:***@x,b://v:***@y");
}

TEST(Secrets, InNamesAreNotTakenForTags) {
  EXPECT_EQ(without_secrets("vault/secret:1.0", TextKind::name), "vault/secret:1.0");
  EXPECT_EQ(without_secrets("https://bob:hunter@reg/img", TextKind::name),
            "https://bob:***@reg/img");
}

TEST(Secrets, AreMaskedBeforeAQuoteIsCut) {
  const std::string text = std::string(50, 'x') + " https://bob:" + planted + planted + "@host";
  EXPECT_EQ(quotation(text).find(planted.substr(0, 3)), std::string::npos) << quotation(text);
}

TEST(Secrets, TakeTimeLinearInTheText) {
  constexpr std::size_t size = 100'000;
  constexpr double most = 2;  // seconds of the processor, with sanitizers; a square takes minutes
  for (const std::string piece : {"a://",
                                  "a://b:c",
                                  "password=x ",
                                  "\"auth\":[",
                                  "'pass=a ",
                                  "x@",
                                  "a:b@",
                                  "a:b@/",
                                  "$2a$",
                                  "eyJ.",
                                  "-----BEGIN PRIVATE KEY-----",
                                  "PRIVATE KEY-----",
                                  "bearer ",
                                  "a-",
                                  "<password>",
                                  "\"tls_key\":\"/",
                                  "-u ",
                                  "\\\"",
                                  "hooks.slack.com/services/",
                                  "a://b:c/@",
                                  "secret=[",
                                  "=",
                                  "name=\"name=",
                                  "password:\n ",
                                  ":",
                                  "pass:",
                                  "password: a: "}) {
    std::string text = "curl ";
    while (text.size() < size) text += piece;
    const std::clock_t begin = std::clock();
    prose(text);
    EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, most) << piece;
  }
}

TEST(Masker, MasksLabelsBeforeTheyAreRead) {
  Instance instance;
  Masker().read_labels({{"rollcall.txt.token", planted},
                        {"rollcall.display.href", "https://bob:" + planted + "@grafana.example/d"},
                        {"rollcall.port", "https://bob:" + planted + "@x"},
                        {"rollcall.name", "web"}},
                       instance);
  EXPECT_EQ(instance.metadata->txt.at(0).value.value, "***");
  EXPECT_EQ(instance.metadata->display->href->value, "https://bob:***@grafana.example/d");
  EXPECT_EQ(instance.problems.size(), 1U);
  EXPECT_EQ(instance.metadata->name->value, "web");
  test::expect_no_planted_secret(instance);
}

TEST(Masker, MasksEachTextOfAnInstance) {
  const std::string url = "https://bob:" + planted + "@x";
  Instance instance;
  instance.key = {.backend = "docker", .endpoint = "e", .id = "1"};
  instance.name = instance.image = instance.group = instance.service = instance.node = url;
  instance.reason = url;
  instance.addresses = {{.ip = "10.0.0.1", .network = url}};
  instance.ports = {{.host_ip = url, .host_port = 80, .container_port = 80, .name = url}};
  instance.problems = {{.where = url, .what = url}};
  instance.details = std::make_shared<const Details>(
      Details{.description = url, .definition = url, .user = url, .command = {}});
  Masker().finish(instance);
  test::expect_no_planted_secret(instance);
  EXPECT_EQ(instance.name, "https://bob:***@x");
}

TEST(Masker, RevealsWhatItIsToldToReveal) {
  const std::string url = "https://bob:" + planted + "@x";
  Instance instance;
  instance.name = url;
  Masker(true).read_labels({{"password", planted}}, instance);
  Masker(true).finish(instance);
  EXPECT_EQ(instance.name, url);
  EXPECT_EQ(instance.labels.find("password"), planted);
}

}  // namespace
}  // namespace rollcall
