// The restricted socket of a real Incus, as an ordinary user sees it. LXD has no such daemon: users
// who may open its socket may do everything.
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rollcall/options/incus.hpp>

#include "backends/incus/places.hpp"
#include "live/incus_live.hpp"
#include "support/incus_users.hpp"

namespace rollcall::support {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class NewerIncusUser : public IncusLive {
 protected:
  void SetUp() override {
    start_server();
    users_.emplace(server());
  }

  /// The options that the user's own environment leads to.
  [[nodiscard]] BackendOptions options() {
    BackendOptions options;
    const std::string folder = std::filesystem::path(server().socket()).parent_path();
    options.getenv = [folder](std::string_view name) -> std::optional<std::string> {
      if (name == "INCUS_DIR") return folder;
      return std::nullopt;
    };
    options.log = [this](LogLevel, std::string_view line) { log_.emplace_back(line); };
    return options;
  }

  [[nodiscard]] IncusUsers& users() { return *users_; }
  [[nodiscard]] const std::vector<std::string>& log() const { return log_; }

 private:
  std::optional<IncusUsers> users_;
  std::vector<std::string> log_;
};

TEST_F(NewerIncusUser, sees_the_own_project_alone_as_it_changes) {
  server().run({.name = "hidden"});
  users().as_user([this] {
    BackendOptions found = options();
    const auto places = incus::places(found);
    ASSERT_TRUE(places) << places.error();
    found.endpoint = places->front().url;
    ASSERT_EQ(found.endpoint, server().endpoint() + ".user") << "the user is no administrator";
    start_watch(std::move(found));
  });
  server().import_image(users().project());
  const auto id = server().run({.name = "web", .project = users().project()});
  ASSERT_TRUE(starts(id)) << users().log();
  const auto web = watched().fold().running().at(id);
  EXPECT_EQ(web->group, "user-1500");
  EXPECT_EQ(web->key.endpoint, server().endpoint() + ".user");
  server().edit(id, {{"config", {{"user.word", "edited"}}}});
  EXPECT_TRUE(
      becomes(id, [](const Instance& it) { return it.labels.find("user.word") == "edited"; }));
  EXPECT_EQ(watched().fold().running().size(), 1U);
  server().remove(id);
  EXPECT_TRUE(stops(id));
  server().remove("default/hidden");
  stop_watch();
  EXPECT_THAT(log(), Not(Contains(HasSubstr("listed every")))) << "there are events";
}

TEST_F(NewerIncusUser, is_told_that_other_projects_may_not_be_read) {
  users().as_user([this] {
    BackendOptions chosen = options();
    chosen.of<IncusOptions>().projects = {"default"};
    WatchFold backend(RuntimeBackendKind::incus, std::move(chosen));
    const auto connected = backend.connect();
    ASSERT_FALSE(connected);
    EXPECT_EQ(connected.error().kind, ErrorKind::denied) << connected.error();
    EXPECT_THAT(connected.error().what, HasSubstr("\"default\""));
    EXPECT_THAT(connected.error().remedy, Not(testing::IsEmpty()));
  });
}

}  // namespace
}  // namespace rollcall::support
