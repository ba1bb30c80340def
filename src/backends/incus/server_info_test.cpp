#include "backends/incus/server_info.hpp"

#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/paths.hpp"

namespace rollcall::incus {
namespace {

using testing::ElementsAre;

std::string read_file(const std::string& name) {
  const std::string path = ROLLCALL_SOURCE_DIR "/src/backends/incus/testdata/" + name;
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(IncusServer, IsOfOneOfTheFamilies) {
  const auto lxd = read_server(read_file("lxd-5.0.2/server.json"));
  ASSERT_TRUE(lxd);
  EXPECT_EQ(lxd->name, "lxd");
  EXPECT_EQ(lxd->product, "LXD");
  EXPECT_EQ(lxd->version, "5.0.2");
  EXPECT_EQ(lxd->api_version, "1.0");
  EXPECT_TRUE(lxd->trusts_us);
  const auto incus = read_server(read_file("incus-6.0.4/server.json"));
  ASSERT_TRUE(incus);
  EXPECT_EQ(incus->name, "incus");
  EXPECT_EQ(incus->product, "Incus");
  EXPECT_EQ(incus->version, "6.0.4");
}

TEST(IncusServer, ThatDoesNotTrustUsSaysSo) {
  const auto server = read_server(
      R"({"type":"sync","metadata":{"api_version":"1.0","auth":"untrusted","public":false}})");
  ASSERT_TRUE(server);
  EXPECT_FALSE(server->trusts_us);
}

TEST(IncusServer, AnythingElseIsNone) {
  for (const char* body : {"", "x", "[]", "{}", R"({"message":"page not found"})",
                           R"({"metadata":[]})", R"({"metadata":{"api_version":"1.0"}})",
                           R"({"metadata":{"api_version":1,"auth":"trusted"}})"}) {
    EXPECT_FALSE(read_server(body)) << body;
  }
}

TEST(IncusServer, ItsProjectsAreTheEndsOfTheirUrls) {
  const auto names =
      read_projects(R"({"metadata":["/1.0/projects/default","/1.0/projects/a%20b"]})");
  ASSERT_TRUE(names);
  EXPECT_THAT(*names, ElementsAre("default", "a b"));
  EXPECT_FALSE(read_projects(R"({"metadata":[{}]})"));
  EXPECT_FALSE(read_projects("nonsense"));
}

}  // namespace
}  // namespace rollcall::incus
