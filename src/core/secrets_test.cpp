#include "core/secrets.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace rollcall {
namespace {

InstancePtr labelled(const std::vector<Labels::Entry>& labels) {
  Instance instance;
  instance.key = {.backend = "docker", .endpoint = "e", .id = "1"};
  instance.labels = Labels(labels);
  return std::make_shared<const Instance>(std::move(instance));
}

/// What is shown of the value of this label.
std::string shown(const std::string& key, const std::string& value) {
  const InstancePtr instance = masked(labelled({{key, value}}));
  return std::string(*instance->labels.find(key));
}

TEST(Secrets, AreMaskedByTheNamesOfLabels) {
  for (const char* key :
       {"db.password", "DB_PASSWORD", "app/apiToken", "rollcall.txt.secret", "my.api-key",
        "traefik.http.middlewares.auth.basicauth.users", "caddy.basic_auth.bob",
        "traefik.http.middlewares.x.headers.customrequestheaders.Authorization"}) {
    EXPECT_EQ(shown(key, "hunter2"), "***") << key;
  }
}

TEST(Secrets, AreNotSeenInOrdinaryLabels) {
  for (const char* key : {"com.docker.compose.project", "db.password.file", "tls.passthrough",
                          "app.kubernetes.io/name", "token.ttl", "keyboard", "compass"}) {
    EXPECT_EQ(shown(key, "value"), "value") << key;
  }
}

TEST(Secrets, AreMaskedInUrls) {
  EXPECT_EQ(shown("db", "postgres://u:pw@db/x?a=b"), "postgres://u:***@db/x?a=b");
  EXPECT_EQ(shown("db", "http://db:80/x"), "http://db:80/x");
}

TEST(Secrets, AreMaskedInTxtEntriesAndProblems) {
  Instance instance = *labelled({{"rollcall.txt.token", "x"}});
  Metadata metadata;
  metadata.txt = {{.key = "path", .value = {"/", "l"}}, {.key = "token", .value = {"x", "l"}}};
  instance.metadata = std::make_shared<const Metadata>(metadata);
  instance.problems = {{.where = "my.password", .what = "'hunter2' is no number"}};
  const InstancePtr seen = masked(std::make_shared<const Instance>(instance));
  EXPECT_EQ(seen->metadata->txt[0].value.value, "/");
  EXPECT_EQ(seen->metadata->txt[1].value.value, "***");
  EXPECT_EQ(seen->problems[0].what.find("hunter2"), std::string::npos);
}

TEST(Secrets, LeaveInstancesWithoutThemAsTheyAre) {
  const InstancePtr instance = labelled({{"app", "web"}});
  EXPECT_EQ(masked(instance), instance);
}

TEST(Secrets, AreMaskedInEvents) {
  const InstancePtr instance = labelled({{"db.password", "x"}});
  const auto hidden = [](const InstancePtr& i) { return *i->labels.find("db.password") == mask; };
  RuntimeEvent event = Started{instance, Cause::live};
  mask_secrets(event);
  EXPECT_TRUE(hidden(std::get<Started>(event).instance));
  event = Updated{instance, Cause::live};
  mask_secrets(event);
  EXPECT_TRUE(hidden(std::get<Updated>(event).instance));
  event = Stopped{.id = "1", .name = "web", .last = instance};
  mask_secrets(event);
  EXPECT_TRUE(hidden(std::get<Stopped>(event).last));
  event = BackendReconnected{"docker"};
  mask_secrets(event);
}

}  // namespace
}  // namespace rollcall
