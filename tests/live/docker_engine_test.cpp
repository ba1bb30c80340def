// The engine itself fails in the middle of its stream, and returns.
#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "live/docker_live.hpp"

namespace rollcall::support {
namespace {

using namespace std::chrono_literals;
using ::testing::Bool;
using ::testing::Combine;
using ::testing::IsEmpty;
using ::testing::Values;

// Starts and stops containers as fast as the engine can, until the engine is gone.
class Churn {
 public:
  explicit Churn(const DockerApi& api) : thread_([this, &api] { run(api); }) {}
  ~Churn() { thread_.join(); }
  Churn(const Churn&) = delete;
  Churn& operator=(const Churn&) = delete;

  void stop() { stopped_ = true; }

 private:
  void run(const DockerApi& api) {
    try {
      for (int number = 0; !stopped_; ++number) {
        const auto id = api.run({.name = fmt::format("churn-{}", number), .network = "none"});
        if (number % 2 == 0) api.remove(id);
      }
    } catch (const std::exception& error) {
      ended_by_ = error.what();  // The engine ended during a call, as intended.
    }
  }

  std::atomic<bool> stopped_ = false;
  std::string ended_by_;
  std::thread thread_;
};

enum class Death : std::uint8_t { killed, terminated, frozen_and_killed };

class DockerDeath : public DockerLive,
                    public ::testing::WithParamInterface<std::tuple<Death, bool>> {
 protected:
  void SetUp() override { start({.live_restore = std::get<bool>(GetParam())}); }

  void end_engine() {
    switch (std::get<Death>(GetParam())) {
      case Death::frozen_and_killed:
        engine().freeze();
        [[fallthrough]];
      case Death::killed:
        engine().kill9();
        break;
      case Death::terminated:
        engine().terminate();
        break;
    }
  }

  bool count_is(std::string_view type, std::size_t count) {
    return watched().wait_until([&](const CheckedFold& fold) { return fold.count(type) == count; },
                                60s);
  }
};

TEST_P(DockerDeath, in_mid_stream_loses_nothing) {
  const auto plain = api().run({.name = "plain"});
  api().run({.name = "published", .ports = {{.container_port = 80, .host_port = 18080}}});
  api().run({.name = "always", .restart_policy = "always"});
  api().pause(api().run({.name = "paused"}));
  {
    Churn churn(api());
    ASSERT_TRUE(
        watched().wait_until([](const CheckedFold& fold) { return fold.count("stopped") >= 2; }));
    end_engine();
  }
  EXPECT_TRUE(count_is("backend_disconnected", 1));
  engine().start();
  EXPECT_TRUE(count_is("backend_reconnected", 1)) << transcript(watched().fold());
  expect_agreement();
  if (std::get<bool>(GetParam())) {
    EXPECT_EQ(watched().fold().history_of(plain), "started");
  }
}

std::string name_of(const ::testing::TestParamInfo<std::tuple<Death, bool>>& info) {
  constexpr const char* deaths[] = {"killed", "terminated", "frozen_and_killed"};
  return fmt::format("{}{}", deaths[static_cast<std::size_t>(std::get<Death>(info.param))],
                     std::get<bool>(info.param) ? "_with_live_restore" : "");
}

INSTANTIATE_TEST_SUITE_P(Each, DockerDeath,
                         Combine(Values(Death::killed, Death::terminated, Death::frozen_and_killed),
                                 Bool()),
                         name_of);

class DockerFrozen : public DockerLive, public ::testing::WithParamInterface<bool> {
 protected:
  void SetUp() override { start({.live_restore = GetParam()}); }
};

TEST_P(DockerFrozen, for_a_moment_is_no_event_of_its_own) {
  const auto id = api().run({.name = "patience"});
  ASSERT_TRUE(starts(id));
  {
    Churn churn(api());
    ASSERT_TRUE(
        watched().wait_until([](const CheckedFold& fold) { return fold.count("started") >= 3; }));
    engine().freeze();
    EXPECT_FALSE(api().ping(1s));
    engine().thaw();
    churn.stop();
  }
  expect_agreement();
  EXPECT_EQ(watched().fold().count("backend_disconnected"), 0U);
}

INSTANTIATE_TEST_SUITE_P(Each, DockerFrozen, Bool(),
                         [](const ::testing::TestParamInfo<bool>& info) {
                           return info.param ? "with_live_restore" : "without_live_restore";
                         });

class DockerEngine : public DockerLive {};

// A quiet stream is probed every 30 s, and the probe times out after 10 s.
TEST_F(DockerEngine, frozen_for_long_is_noticed) {
  const auto id = api().run({.name = "forgotten"});
  ASSERT_TRUE(starts(id));
  engine().freeze();
  EXPECT_TRUE(
      watched().wait_until([](const CheckedFold& fold) { return fold.disconnected(); }, 60s));
  EXPECT_TRUE(watched().fold().running().contains(id));
  engine().thaw();
  EXPECT_TRUE(
      watched().wait_until([](const CheckedFold& fold) { return !fold.disconnected(); }, 30s));
  api().remove(id);
  EXPECT_TRUE(stops(id));
}

std::vector<std::string> run_many(const DockerApi& api, std::size_t count) {
  std::vector<std::string> ids(count);
  constexpr std::size_t side_by_side = 4;
  std::vector<std::jthread> workers;
  workers.reserve(side_by_side);
  std::atomic<std::size_t> next = 0;
  while (workers.size() < side_by_side) {
    workers.emplace_back([&] {
      for (auto index = next++; index < count; index = next++) {
        ids[index] = api.run({.name = fmt::format("many-{}", index), .network = "none"});
      }
    });
  }
  workers.clear();
  return ids;
}

TEST_F(DockerEngine, with_200_containers_of_which_half_end_while_it_is_down) {
  start({.live_restore = true});
  const auto ids = run_many(api(), 200);
  expect_agreement();
  std::vector<std::string> pids;
  for (std::size_t index = 0; index < ids.size(); index += 2) {
    pids.push_back(std::to_string(api().inspect(ids[index]).at("State").at("Pid").as_int64()));
  }
  engine().kill9();
  EXPECT_TRUE(watched().wait_until([](const CheckedFold& fold) { return fold.disconnected(); }));
  EXPECT_EQ(watched().fold().running().size(), 200U);
  engine().kill_processes(pids);
  engine().start();
  expect_agreement();
  const auto fold = watched().fold();
  EXPECT_EQ(fold.running().size(), 100U);
  EXPECT_EQ(fold.count("started"), 200U);
  EXPECT_EQ(fold.count("stopped"), 100U);
}

TEST(DockerLater, is_found_when_it_comes) {
  Dockerd engine({.live_restore = true});
  const auto id = engine.api().run({.name = "early"});
  engine.terminate();
  WatchFold watched(engine.endpoint());
  watched.watch();
  EXPECT_TRUE(watched.wait_until([](const CheckedFold& fold) { return fold.disconnected(); }));
  engine.start();
  EXPECT_TRUE(watched.wait_until(
      [](const CheckedFold& fold) { return fold.count("backend_reconnected") == 1; }));
  const auto fold = watched.fold();
  EXPECT_THAT(fold.breaches(), IsEmpty()) << transcript(fold);
  EXPECT_THAT(differences(fold.running(), engine.api()), IsEmpty());
  EXPECT_EQ(type_of(fold.events().front()), "backend_disconnected");
  EXPECT_EQ(type_of(fold.events().back()), "backend_reconnected");
  EXPECT_EQ(fold.history_of(id), "started");
}

}  // namespace
}  // namespace rollcall::support
