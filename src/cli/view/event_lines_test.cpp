#include "cli/view/event_lines.hpp"

#include <gtest/gtest.h>

#include "support/shown_instances.hpp"

namespace rollcall::cli {
namespace {

constexpr auto at = "12:03:04";

TEST(EventLines, StartedTellsWhereItIs) {
  EventLines lines(false);
  const Inventory nothing;
  EXPECT_EQ(lines.line(Started{shared(web_instance()), Cause::initial}, nothing, at),
            "12:03:04  started       web           docker  nginx:1  172.17.0.2  (initial)\n");
}

TEST(EventLines, UpdatedTellsWhatChanged) {
  EventLines lines(false);
  Inventory known;
  known.apply(Started{shared(web_instance())});
  Instance after = web_instance();
  after.name = "web2";
  after.health = Health::healthy;
  after.labels = Labels({{"a", "1"}});
  EXPECT_EQ(lines.line(Updated{shared(after)}, known, at),
            "12:03:04  updated       web2          docker  "
            "name web->web2, health none->healthy, labels +a=1\n");
}

TEST(EventLines, SetsTellWhatCameAndWent) {
  Instance after = web_instance();
  after.addresses = {{.ip = "172.17.0.2", .network = "bridge"},
                     {.ip = "172.19.0.2", .network = "shop"}};
  EXPECT_EQ(changes_text(web_instance(), after), "addresses +shop:172.19.0.2");
  EXPECT_EQ(changes_text(after, web_instance()), "addresses -shop:172.19.0.2");
  EXPECT_EQ(changes_text(after, after), "details");
}

TEST(EventLines, JoinedNetworksAreNamedIfTheirOwnerIsKnown) {
  EventLines lines(false);
  Inventory known;
  known.apply(Started{shared(web_instance())});
  Instance side = web_instance();
  side.key.id = std::string(64, 'b');
  side.name = "side";
  side.network_mode = NetworkMode::joined;
  side.network_owner = web_instance().key.id;
  EXPECT_NE(lines.line(Started{shared(side)}, known, at).find("via web"), std::string::npos);
}

TEST(EventLines, StoppedAndBackends) {
  EventLines lines(false);
  const Inventory nothing;
  const auto last = shared(web_instance());
  EXPECT_EQ(lines.line(Stopped{last->key.id, last->name, last, Cause::resync}, nothing, at),
            "12:03:04  stopped       web           docker  nginx:1  (resync)\n");
  EXPECT_EQ(lines.line(BackendDisconnected{"docker", "unix:///d", "gone\x07"}, nothing, at),
            "12:03:04  disconnected  docker  gone\\x07\n");
  EXPECT_EQ(lines.line(BackendReconnected{"docker", "unix:///d"}, nothing, at),
            "12:03:04  reconnected   docker  unix:///d\n");
}

TEST(EventLines, ColumnsGrowButNotForOneLongName) {
  EventLines lines(false);
  const Inventory nothing;
  Instance instance = web_instance();
  instance.name = std::string(60, 'x');
  static_cast<void>(lines.line(Started{shared(instance)}, nothing, at));
  const std::string line = lines.line(Started{shared(web_instance())}, nothing, at);
  EXPECT_EQ(line.find("docker"), std::string("12:03:04  started       ").size() + 30 + 2);
}

}  // namespace
}  // namespace rollcall::cli
