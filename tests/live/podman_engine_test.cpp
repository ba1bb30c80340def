// Podman's service ends, in the middle of its stream or because it is idle, and returns; its
// containers go on meanwhile.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <rollcall/options/podman.hpp>

#include "live/podman_live.hpp"

namespace rollcall::support {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

enum class Death : std::uint8_t { killed, terminated, frozen_and_killed };

class PodmanDeath : public PodmanLive, public ::testing::WithParamInterface<Death> {
 protected:
  void end_service() {
    if (GetParam() == Death::terminated) return engine().terminate();
    if (GetParam() == Death::frozen_and_killed) engine().freeze();
    engine().kill9();
  }
};

TEST_P(PodmanDeath, loses_nothing_and_ends_nothing) {
  const auto plain = api().run({.name = "plain"});
  const auto dies = api().run({.name = "dies", .command = {"sleep", "4"}});
  const auto paused = api().run({.name = "paused"});
  api().pause(paused);
  engine().create_pod("shop", {{.container_port = 80, .host_port = 18090}});
  const auto member = engine().run_in_pod("shop", "member");
  expect_agreement();
  end_service();
  EXPECT_TRUE(counts("backend_disconnected", 1));
  EXPECT_TRUE(watched().fold().running().contains(plain)) << "it is stale, not stopped";
  engine().start();
  EXPECT_TRUE(counts("backend_reconnected", 1)) << transcript(watched().fold());
  EXPECT_TRUE(stops(dies));
  expect_agreement();
  EXPECT_EQ(watched().fold().history_of(plain), "started");
  EXPECT_EQ(watched().fold().history_of(member), "started");
  api().unpause(paused);
}

std::string name_of(const ::testing::TestParamInfo<Death>& info) {
  constexpr const char* names[] = {"killed", "terminated", "frozen_and_killed"};
  return names[static_cast<std::size_t>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Each, PodmanDeath,
                         ::testing::Values(Death::killed, Death::terminated,
                                           Death::frozen_and_killed),
                         name_of);

class PodmanEngine : public PodmanLive {};

TEST_F(PodmanEngine, frozen_for_a_moment_is_no_event_of_its_own) {
  const auto id = api().run({.name = "patience"});
  ASSERT_TRUE(starts(id));
  engine().freeze();
  EXPECT_FALSE(api().ping(1s));
  engine().thaw();
  const auto next = api().run({.name = "next"});
  ASSERT_TRUE(starts(next));
  EXPECT_EQ(watched().fold().count("backend_disconnected"), 0U);
}

TEST_F(PodmanEngine, that_is_idle_is_kept_awake_by_a_stream) {
  start({.idle_limit = 2s});
  EXPECT_FALSE(engine().ends(6s)) << engine().log();
  EXPECT_EQ(watched().fold().count("backend_disconnected"), 0U);
}

TEST_F(PodmanEngine, that_is_idle_may_end_when_it_is_polled_and_is_found_again) {
  start({.idle_limit = 2s});
  const auto id = api().run({.name = "steady"});
  BackendOptions options;
  options.of<PodmanOptions>().poll = 5s;  // Longer than the service stays awake.
  start_watch(options);
  ASSERT_TRUE(starts(id));
  EXPECT_TRUE(engine().ends(20s)) << engine().log();
  EXPECT_TRUE(counts("backend_disconnected", 1));
  EXPECT_TRUE(watched().fold().running().contains(id));
  engine().start();
  EXPECT_TRUE(counts("backend_reconnected", 1)) << transcript(watched().fold());
  EXPECT_EQ(watched().fold().history_of(id), "started");
  start({});
}

void run_many(const DockerApi& api, std::size_t count) {
  constexpr std::size_t side_by_side = 4;
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> workers;
  workers.reserve(side_by_side);
  while (workers.size() < side_by_side) {
    workers.emplace_back([&] {
      for (auto index = next++; index < count; index = next++) {
        api.run({.name = fmt::format("many-{}", index), .network = "none"});
      }
    });
  }
}

TEST_F(PodmanEngine, with_300_containers_restarts_twice) {
  run_many(api(), 300);
  ASSERT_TRUE(watched().wait_until(
      [](const CheckedFold& fold) { return fold.running().size() == 300; }, 120s))
      << watched().fold().running().size();
  for (std::size_t restart = 1; restart <= 2; ++restart) {
    engine().kill9();
    EXPECT_TRUE(counts("backend_disconnected", restart));
    EXPECT_EQ(watched().fold().running().size(), 300U);
    engine().start();
    EXPECT_TRUE(counts("backend_reconnected", restart));
  }
  const auto fold = watched().fold();
  EXPECT_EQ(fold.count("started"), 300U);
  EXPECT_EQ(fold.count("stopped"), 0U);
  EXPECT_EQ(fold.count("updated"), 0U);
}

TEST(PodmanLater, is_found_when_it_comes) {
  Podman engine;
  const auto id = engine.api().run({.name = "early"});
  engine.terminate();
  WatchFold watched(engine.endpoint(), RuntimeBackendKind::podman);
  watched.watch();
  EXPECT_TRUE(watched.wait_until([](const CheckedFold& fold) { return fold.disconnected(); }));
  engine.start();
  EXPECT_TRUE(watched.wait_until(
      [](const CheckedFold& fold) { return fold.count("backend_reconnected") == 1; }));
  const auto fold = watched.fold();
  EXPECT_THAT(fold.breaches(), IsEmpty()) << transcript(fold);
  EXPECT_EQ(fold.history_of(id), "started");
}

TEST(PodmanAtDockersSocket, is_podman) {
  Podman engine;
  const auto id = engine.api().run({.name = "who"});
  WatchFold watched(engine.endpoint(), RuntimeBackendKind::docker);
  watched.watch();
  ASSERT_TRUE(watched.wait_synced());
  EXPECT_EQ(watched.fold().running().at(id)->key.backend, "podman");
}

}  // namespace
}  // namespace rollcall::support
