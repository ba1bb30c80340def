#include "cli/remote/daemon_client.hpp"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<StaleEngine> read(std::string_view text) {
  const auto document = boost::json::parse(text);
  return stale_in(document.as_object());
}

TEST(StaleEngines, AreReadFromListsAndBookmarks) {
  EXPECT_THAT(read("{}"), IsEmpty());
  EXPECT_THAT(read(R"({"stale":7})"), IsEmpty());
  const auto all = read(R"({"stale":[
    {"backend":"docker","endpoint":"unix:///a","since":"x","reason":"gone"},
    {"backend":"docker","endpoint":"","since":"x","named":true,"never":true},
    {"backend":"podman","endpoint":"b","since":"x","named":false,"dropped":true}]})");
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[0].describe(), "docker at unix:///a is away, and what it runs may be old: gone");
  EXPECT_THAT(all[1].describe(), HasSubstr("docker was never listed"));
  EXPECT_TRUE(all[1].named);
  EXPECT_THAT(all[2].describe(), HasSubstr("podman at b is away for longer than the grace"));
  EXPECT_FALSE(all[2].named);
}

TEST(StaleEngines, MayRunWhatTheyNeverListed) {
  const InstanceKey key{.backend = "podman", .endpoint = "unix:///a", .id = "1"};
  const auto may = [&key](std::string backend, std::string endpoint, bool never = true) {
    StaleEngine engine;
    engine.backend = std::move(backend);
    engine.endpoint = std::move(endpoint);
    engine.never = never;
    return engine.may_run(key);
  };
  EXPECT_TRUE(may("podman", "unix:///a"));
  EXPECT_TRUE(may("docker", "unix:///a")) << "Podman may answer there";
  EXPECT_FALSE(may("podman", "unix:///b"));
  EXPECT_TRUE(may("docker", "")) << "its place is not known yet";
  EXPECT_TRUE(may("auto", ""));
  EXPECT_FALSE(may("incus", ""));
  EXPECT_FALSE(may("podman", "unix:///a", false))
      << "what it ran is listed, or was told to have stopped";
}

}  // namespace
}  // namespace rollcall::cli
