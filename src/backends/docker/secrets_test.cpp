// Secrets in any field of a container must not reach any document.
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "backends/docker_api/decode.hpp"
#include "backends/docker_api/environment.hpp"
#include "support/every_document.hpp"

namespace rollcall::docker_api {
namespace {

using test::planted;

Result<DecodedContainer> decode(std::string json, Masker masker = Masker()) {
  ContainerDecoder decoder("docker", "unix:///run/docker.sock", masker);
  const std::size_t size = json.size();
  json.append(64, ' ');
  return decoder.decode(std::string_view(json).substr(0, size), Timestamp());
}

std::string item(const std::string& secret) {
  return fmt::format(
      R"({{"Id":"c1","Names":["/{0}"],"Image":"{0}","State":"{0}","Status":"{0}",)"
      R"("Health":{{"Status":"{0}"}},"HostConfig":{{"NetworkMode":"default"}},)"
      R"("NetworkSettings":{{"Networks":{{"{0}":{{"IPAddress":"10.0.0.1",)"
      R"("GlobalIPv6Address":"{0}"}}}}}},)"
      R"("Ports":[{{"PrivatePort":80,"PublicPort":80,"IP":"{0}","Type":"tcp"}},)"
      R"({{"PrivatePort":81,"Type":"{0}"}}],)"
      R"("Labels":{{"com.docker.compose.project":"{0}","com.docker.compose.service":"{0}",)"
      R"("db.password":"{1}","{0}":"x","rollcall.port":"{0}","rollcall.name":"{0}",)"
      R"("rollcall.display.href":"{0}","rollcall.health.path":"{0}","rollcall.txt.key":"{0}",)"
      R"("rollcall.tags":"{0}","rollcall.bogus":"{0}","homepage.description":"{0}",)"
      R"("traefik.http.routers.r.rule":"Host(`{0}`) && x","caddy":"{0}",)"
      R"("prometheus.io/path":"/{0}","SERVICE_TOKEN":"{1}","n":7}}}})",
      secret, planted);
}

TEST(DockerSecrets, OfNoFieldAreInADocument) {
  for (const std::string& secret : {"https://bob:" + planted + "@x", "bob:" + planted + "@x",
                                    "password=" + planted, "x?token=" + planted}) {
    const auto decoded = decode(item(secret));
    ASSERT_TRUE(decoded) << secret;
    EXPECT_GE(decoded->instance.problems.size(), 4U) << secret;
    test::expect_no_planted_secret(decoded->instance);
  }
}

TEST(DockerSecrets, AreNotQuotedByAnError) {
  const auto broken = decode(R"({"Image":"https://b:)" + planted + R"(@x")");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().describe().find(planted), std::string::npos)
      << broken.error().describe();
}

TEST(DockerSecrets, OfTheEnvironmentAreMasked) {
  auto decoded = decode(R"({"Id":"c1","State":"running"})");
  ASSERT_TRUE(decoded);
  const std::string inspect = R"({"Config":{"Env":["SERVICE_NAME=bob:)" + planted +
                              R"(@x","SERVICE_TAGS=token=)" + planted + R"(","VIRTUAL_HOST=bob:)" +
                              planted + R"(@h","SERVICE_CHECK_HTTP=/h?api_key=)" + planted +
                              R"("]}})";
  apply_environment(decoded->instance, readable_environment(inspect));
  ASSERT_TRUE(decoded->instance.metadata);
  test::expect_no_planted_secret(decoded->instance);
}

TEST(DockerSecrets, AreShownWhereThatIsAskedFor) {
  const auto decoded = decode(item("https://bob:" + planted + "@x"), Masker(true));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->instance.labels.find("db.password"), planted);
}

}  // namespace
}  // namespace rollcall::docker_api
