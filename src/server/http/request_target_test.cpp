#include "server/http/request_target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TEST(ServerTarget, HasAPathInDecodedSegments) {
  const auto target = parse_target("/v1/instances/docker/unix%3A%2F%2F%2Frun%2Fx/a+b");
  ASSERT_TRUE(target);
  EXPECT_THAT(target->segments, ElementsAre("v1", "instances", "docker", "unix:///run/x", "a+b"));
  EXPECT_EQ(target->path, "/v1/instances/docker/unix%3A%2F%2F%2Frun%2Fx/a+b");
}

TEST(ServerTarget, HasAQueryInItsOrder) {
  const auto target = parse_target("/x?name=a%20b&label=k%3Dv&name=c+d&empty=&bare&&");
  ASSERT_TRUE(target);
  EXPECT_THAT(target->query, ElementsAre(Pair("name", "a b"), Pair("label", "k=v"),
                                         Pair("name", "c d"), Pair("empty", ""), Pair("bare", "")));
  EXPECT_EQ(target->find("name"), "a b");
  EXPECT_EQ(target->find("other"), std::nullopt);
}

TEST(ServerTarget, MayBeAUrlAsProxiesSendIt) {
  EXPECT_EQ(parse_target("http://host:1/livez?x=1")->path, "/livez");
  EXPECT_EQ(parse_target("http://host")->path, "/");
  EXPECT_THAT(parse_target("http://host?x=1")->query, ElementsAre(Pair("x", "1")));
}

TEST(ServerTarget, LosesItsFragment) {
  EXPECT_EQ(parse_target("/docs#top")->path, "/docs");
}

TEST(ServerTarget, IsRefusedWithASentence) {
  EXPECT_THAT(parse_target("*").error(), HasSubstr("no path"));
  EXPECT_THAT(parse_target("").error(), HasSubstr("no path"));
  EXPECT_THAT(parse_target("livez").error(), HasSubstr("no path"));
  for (const char* broken : {"/%", "/%4", "/%zz", "/x?%", "/x?a=%g0"}) {
    EXPECT_THAT(parse_target(broken).error(), HasSubstr("%25")) << broken;
  }
  std::string many = "/x?";
  for (int i = 0; i < 65; ++i) many += "a=1&";
  EXPECT_THAT(parse_target(many).error(), HasSubstr("at most 64"));
}

TEST(ServerTarget, KeepsEmptySegments) {
  EXPECT_THAT(parse_target("//x/")->segments, ElementsAre("", "x", ""));
}

}  // namespace
}  // namespace rollcall::server
