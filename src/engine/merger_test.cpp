#include "engine/merger.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

constexpr SourceId one = 1;
constexpr SourceId two = 2;

std::string endpoint_of(SourceId source) {
  return source == one ? "one" : source == two ? "two" : "three";
}

/// An id like Docker's for a short name.
std::string unique(const std::string& name) {
  std::string id(64, '0');
  for (std::size_t i = 0; i < name.size(); ++i) id[i] = static_cast<char>('a' + name[i] % 6);
  for (std::size_t i = 0; i < name.size(); ++i) id[32 + i] = static_cast<char>('0' + name[i] % 10);
  return id;
}

InstancePtr container(SourceId source, const std::string& name, Health health = Health::none) {
  auto instance = std::make_shared<Instance>();
  instance->key = {"docker", endpoint_of(source), unique(name)};
  instance->name = name;
  instance->state = InstanceState::running;
  instance->health = health;
  return instance;
}

InstancePtr service(SourceId source, const std::string& name) {
  auto instance = std::make_shared<Instance>(*container(source, name));
  instance->key.backend = "systemd";
  instance->key.id = name;
  instance->kind = InstanceKind::service;
  return instance;
}

/// "started web@one", "stopped web@one", "disconnected 1".
std::string describe(const MergedEvent& merged) {
  const InstanceKey* const key = key_of(merged.event);
  if (key == nullptr)
    return std::string(type_of(merged.event)) + " " + std::to_string(merged.source);
  std::string name;
  if (const auto* stopped = std::get_if<Stopped>(&merged.event)) name = stopped->name;
  if (const auto* started = std::get_if<Started>(&merged.event)) name = started->instance->name;
  if (const auto* updated = std::get_if<Updated>(&merged.event)) name = updated->instance->name;
  return std::string(type_of(merged.event)) + " " + name + "@" + key->endpoint;
}

class MergerTest : public testing::Test {
 protected:
  using Lines = std::vector<std::string>;

  static Lines lines(const std::vector<MergedEvent>& events) {
    Lines all;
    for (const MergedEvent& event : events) all.push_back(describe(event));
    return all;
  }
  Lines take(SourceId source, RuntimeEvent event) {
    return lines(merger_.take(source, std::move(event), now_));
  }
  Lines start(SourceId source, const std::string& name) {
    return take(source, Started{container(source, name), Cause::live});
  }
  Lines update(SourceId source, const std::string& name, Health health = Health::healthy) {
    return take(source, Updated{container(source, name, health), Cause::live});
  }
  Lines stop(SourceId source, const std::string& name) {
    const InstancePtr last = container(source, name);
    return take(source, Stopped{last->key.id, name, last, Cause::live});
  }
  Lines lose(SourceId source) { return take(source, BackendDisconnected{"docker", "", "gone"}); }
  Lines regain(SourceId source) { return take(source, BackendReconnected{"docker", ""}); }
  Lines after(Duration duration) {
    now_ += duration;
    return lines(merger_.advance(now_));
  }
  Lines shown() const {
    Lines all;
    for (const InstancePtr& i : merger_.list()) all.push_back(i->name + "@" + i->key.endpoint);
    return all;
  }

  Merger merger_{{.grace = std::nullopt, .hand_over_after = 10s, .end_within = 2s}};
  Monotonic now_{1h};
};

TEST_F(MergerTest, WhatOneTellsIsToldAsItIs) {
  EXPECT_THAT(start(one, "web"), ElementsAre("started web@one"));
  EXPECT_THAT(update(one, "web"), ElementsAre("updated web@one"));
  EXPECT_EQ(merger_.find(container(one, "web")->key)->health, Health::healthy);
  EXPECT_THAT(lose(one), ElementsAre("backend_disconnected 1"));
  EXPECT_THAT(regain(one), ElementsAre("backend_reconnected 1"));
  EXPECT_THAT(stop(one, "web"), ElementsAre("stopped web@one"));
  EXPECT_THAT(shown(), IsEmpty());
  EXPECT_EQ(merger_.due(), std::nullopt);
}

TEST_F(MergerTest, WhatTheOtherPathToldIsLeftOutUntilItsStop) {
  EXPECT_THAT(start(one, "web"), ElementsAre("started web@one"));
  EXPECT_THAT(start(two, "web"), IsEmpty());
  EXPECT_THAT(update(two, "web"), IsEmpty());
  EXPECT_THAT(update(one, "web"), ElementsAre("updated web@one"));
  EXPECT_EQ(merger_.hidden(two), 1U);
  EXPECT_THAT(stop(one, "web"), ElementsAre("stopped web@one"));
  EXPECT_THAT(stop(two, "web"), IsEmpty()) << "it is said already";
  EXPECT_THAT(after(1h), IsEmpty());
  EXPECT_THAT(start(two, "web"), ElementsAre("started web@two")) << "who is first tells the next";
  EXPECT_THAT(start(one, "web"), IsEmpty());
  EXPECT_THAT(shown(), ElementsAre("web@two"));
}

TEST_F(MergerTest, OnlyRandomIdsAreUnlikeAllOthers) {
  EXPECT_THAT(take(one, Started{service(one, "ssh.service"), Cause::live}),
              ElementsAre("started ssh.service@one"));
  EXPECT_THAT(take(two, Started{service(two, "ssh.service"), Cause::live}),
              ElementsAre("started ssh.service@two"));
  auto named = std::make_shared<Instance>(*container(one, "web"));
  named->key.id = "default/web";  // of Incus, which has one on every server
  EXPECT_FALSE(has_unique_id(*named));
  EXPECT_TRUE(has_unique_id(*container(one, "web")));
}

TEST_F(MergerTest, AnotherRuntimeMayHaveTheSameId) {
  start(one, "web");
  auto other = std::make_shared<Instance>(*container(two, "web"));
  other->key.backend = "podman";
  EXPECT_THAT(take(two, Started{other, Cause::live}), ElementsAre("started web@two"));
}

TEST_F(MergerTest, TheOtherPathTellsOnWhenTheFirstIsAwayForLong) {
  start(one, "web");
  start(one, "lonely");
  start(two, "web");
  update(two, "web");
  lose(one);
  EXPECT_THAT(merger_.due(), Optional(now_ + 10s));
  EXPECT_THAT(after(9s), IsEmpty());
  EXPECT_THAT(after(1s), ElementsAre("stopped web@one", "started web@two"));
  EXPECT_THAT(shown(), testing::UnorderedElementsAre("lonely@one", "web@two"))
      << "what nobody else tells stays";
  EXPECT_EQ(merger_.find(container(two, "web")->key)->health, Health::healthy);
  EXPECT_EQ(merger_.due(), std::nullopt);
  EXPECT_THAT(regain(one), ElementsAre("backend_reconnected 1"));
  EXPECT_THAT(update(one, "web"), IsEmpty()) << "the second tells it now";
  EXPECT_THAT(stop(two, "web"), ElementsAre("stopped web@two"));
  EXPECT_THAT(stop(one, "web"), IsEmpty());
}

TEST_F(MergerTest, AShortLossHandsNothingOver) {
  start(one, "web");
  start(two, "web");
  lose(one);
  after(9s);
  regain(one);
  EXPECT_THAT(after(1h), IsEmpty());
  EXPECT_THAT(shown(), ElementsAre("web@one"));
}

TEST_F(MergerTest, APathThatComesLateTellsWhatOneThatIsAwayCannot) {
  start(one, "web");
  start(two, "api");
  lose(one);
  after(10s);
  EXPECT_THAT(start(two, "web"), ElementsAre("stopped web@one", "started web@two"));
}

TEST_F(MergerTest, APathThatReturnsTellsWhatOneThatIsAwayCannot) {
  start(one, "web");
  start(two, "web");
  lose(one);
  lose(two);
  EXPECT_THAT(after(1min), IsEmpty()) << "nobody knows better";
  EXPECT_THAT(regain(two),
              ElementsAre("stopped web@one", "started web@two", "backend_reconnected 2"));
}

TEST_F(MergerTest, WhatTheOtherPathStillHasIsNotGone) {
  start(one, "web");
  start(two, "web");
  EXPECT_THAT(stop(one, "web"), ElementsAre("stopped web@one"));
  EXPECT_THAT(merger_.due(), Optional(now_ + 2s));
  EXPECT_THAT(update(two, "web"), IsEmpty()) << "it may be older than the end";
  EXPECT_THAT(after(2s), ElementsAre("started web@two"));
  EXPECT_EQ(merger_.due(), std::nullopt);
  EXPECT_THAT(stop(two, "web"), ElementsAre("stopped web@two"));
}

TEST_F(MergerTest, WhatAPathThatIsAwayStillHasMayBeGone) {
  start(one, "web");
  start(two, "web");
  lose(two);
  stop(one, "web");
  EXPECT_THAT(after(1h), IsEmpty());
  EXPECT_THAT(regain(two), ElementsAre("started web@two", "backend_reconnected 2"))
      << "its new list still has it";
}

TEST_F(MergerTest, ARestartIsToldByOnePath) {
  start(one, "web");
  start(two, "web");
  stop(one, "web");
  EXPECT_THAT(start(one, "web"), ElementsAre("started web@one"));
  EXPECT_THAT(stop(two, "web"), IsEmpty());
  EXPECT_THAT(start(two, "web"), IsEmpty());
  EXPECT_THAT(after(1h), IsEmpty());
}

TEST_F(MergerTest, WhatARemovedSourceToldIsStoppedOrHandedOver) {
  start(one, "web");
  start(one, "api");
  start(two, "web");
  EXPECT_THAT(lines(merger_.remove(one)),
              ElementsAre("stopped api@one", "stopped web@one", "started web@two"));
  EXPECT_THAT(shown(), ElementsAre("web@two"));
  EXPECT_THAT(lines(merger_.remove(one)), IsEmpty());
}

TEST_F(MergerTest, AfterTheGraceAllIsStoppedAndStartedAgainOnReturn) {
  merger_ = Merger({.grace = 1min});
  start(one, "web");
  start(one, "api");
  lose(one);
  EXPECT_THAT(after(59s), IsEmpty());
  EXPECT_THAT(after(1s), ElementsAre("stopped api@one", "stopped web@one"));
  EXPECT_TRUE(merger_.dropped(one));
  EXPECT_THAT(shown(), IsEmpty());
  // The differences between the source's last instances and its new list.
  EXPECT_THAT(stop(one, "api"), IsEmpty());
  EXPECT_THAT(update(one, "web"), IsEmpty());
  EXPECT_THAT(start(one, "new"), IsEmpty());
  EXPECT_THAT(regain(one),
              ElementsAre("started new@one", "started web@one", "backend_reconnected 1"));
  EXPECT_EQ(merger_.find(container(one, "web")->key)->health, Health::healthy);
  EXPECT_THAT(after(1h), IsEmpty());
}

TEST(MergerGrace, ManyAreDroppedInPieces) {
  Merger merger({.grace = 1min});
  Monotonic now{1h};
  for (int i = 0; i < 10'000; ++i) {
    merger.take(one, Started{service(one, std::to_string(i)), Cause::live}, now);
  }
  merger.take(one, BackendDisconnected{"docker", "", "gone"}, now);
  now += 1min;
  std::size_t stopped = 0;
  while (merger.due() && *merger.due() <= now) {
    const std::size_t piece = merger.advance(now).size();
    EXPECT_LT(piece, 5000U);
    stopped += piece;
  }
  EXPECT_EQ(stopped, 10'000U);
  EXPECT_EQ(merger.shown(one), 0U);
  merger.take(one, BackendReconnected{"docker", ""}, now);
  EXPECT_EQ(merger.shown(one), 10'000U);
}

TEST_F(MergerTest, AGraceShorterThanTheHandOverLosesNothingThatAnotherPathTells) {
  merger_ = Merger({.grace = 1s});
  start(one, "web");
  start(two, "web");
  lose(one);
  EXPECT_THAT(after(1s), ElementsAre("stopped web@one", "started web@two"));
  EXPECT_THAT(regain(one), ElementsAre("backend_reconnected 1"));
  EXPECT_THAT(shown(), ElementsAre("web@two"));
}

// Which sources are asked, and how the instances that both list are shown after their answers.
class WhoIsWho : public MergerTest {
 protected:
  Lines identify(SourceId source, std::optional<std::string> engine) {
    return lines(merger_.identify(source, std::move(engine)));
  }
  Lines contested() const {
    Lines all;
    for (const InstancePtr& i : merger_.list()) {
      if (!i->problems.empty()) all.push_back(i->name + "@" + i->key.endpoint);
    }
    return all;
  }
};

TEST_F(WhoIsWho, OnlyThoseThatListTheSameAreAskedAndOnce) {
  start(one, "a");
  start(two, "b");
  EXPECT_THAT(merger_.questions(), IsEmpty());
  start(two, "a");
  EXPECT_THAT(merger_.questions(), ElementsAre(one, two));
  start(two, "c");
  start(one, "c");
  EXPECT_THAT(merger_.questions(), IsEmpty());
}

TEST_F(WhoIsWho, TwoPathsToOneEngineAreToldOnce) {
  start(one, "web");
  start(two, "web");
  EXPECT_THAT(identify(one, "engine"), IsEmpty());
  EXPECT_THAT(identify(two, "engine"), IsEmpty());
  EXPECT_THAT(shown(), ElementsAre("web@one"));
  EXPECT_THAT(contested(), IsEmpty());
}

TEST_F(WhoIsWho, WhoIsAnotherEngineTakesNoPlaceAndBothHaveAProblem) {
  start(one, "web");
  start(two, "web");
  identify(one, "engine");
  EXPECT_THAT(identify(two, "another"), ElementsAre("updated web@one", "started web@two"));
  EXPECT_THAT(contested(), ElementsAre("web@one", "web@two"));
  EXPECT_THAT(start(two, "other"), ElementsAre("started other@two"));
  EXPECT_THAT(start(one, "other"), ElementsAre("updated other@two", "started other@one"));
}

TEST_F(WhoIsWho, WhoDoesNotTellIsNotTrusted) {
  start(one, "web");
  start(two, "web");
  identify(one, std::nullopt);
  EXPECT_THAT(identify(two, ""), ElementsAre("updated web@one", "started web@two"));
}

TEST_F(WhoIsWho, TheProblemStaysWithUpdatesAndEndsWithTheOther) {
  start(one, "web");
  start(two, "web");
  identify(one, "engine");
  identify(two, std::nullopt);
  EXPECT_THAT(update(one, "web"), ElementsAre("updated web@one"));
  EXPECT_THAT(contested(), ElementsAre("web@one", "web@two"));
  EXPECT_EQ(stop(two, "web").size(), 2U);
  EXPECT_THAT(contested(), IsEmpty());
  start(two, "web");
  EXPECT_THAT(contested(), ElementsAre("web@one", "web@two"));
  merger_.remove(two);
  EXPECT_THAT(contested(), IsEmpty());
  EXPECT_THAT(shown(), ElementsAre("web@one"));
}

TEST_F(WhoIsWho, AnAnswerThatComesLaterIsBelieved) {
  start(one, "web");
  start(two, "web");
  identify(one, "engine");
  identify(two, std::nullopt);
  EXPECT_THAT(identify(two, "engine"), ElementsAre("stopped web@two", "updated web@one"));
  EXPECT_THAT(contested(), IsEmpty());
  EXPECT_THAT(shown(), ElementsAre("web@one"));
}

TEST_F(WhoIsWho, NothingIsHandedOverToAnotherEngine) {
  start(one, "web");
  start(two, "web");
  identify(one, "engine");
  identify(two, "another");
  lose(one);
  EXPECT_THAT(after(11s), IsEmpty());
  EXPECT_THAT(shown(), ElementsAre("web@one", "web@two"));
}

TEST(KeepFirstOfEach, WhatIsToldDifferentlyIsKeptWithAProblem) {
  auto stolen = std::make_shared<Instance>(*container(two, "a"));
  stolen->name = "stolen";
  std::vector<InstancePtr> all = {container(one, "a"), stolen};
  keep_first_of_each(all);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0]->problems.size(), 1U);
  EXPECT_EQ(all[1]->problems.size(), 1U);
}

TEST(KeepFirstOfEach, KeepsThatOfTheFirstEndpoint) {
  std::vector<InstancePtr> all = {container(one, "a"), container(one, "b"), container(two, "a"),
                                  service(one, "s"), service(two, "s")};
  keep_first_of_each(all);
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0]->key.endpoint, "one");
}

/// An engine, and paths to it that report its changes late and each in its own order.
class Paths {
 public:
  Paths(Merger& merger, unsigned seed) : merger_(merger), chance_(seed) {}

  void run(int steps) {
    for (int i = 0; i < steps; ++i) step();
    for (SourceId source = 1; source <= 3; ++source) catch_up(source);
    now_ += 1h;
    fold(merger_.advance(now_));
  }

  /// Expects that each running instance is shown once.
  void expect_all_once() const {
    std::map<std::string, int> found;
    for (const InstancePtr& instance : merger_.list()) ++found[instance->name];
    std::map<std::string, int> expected;
    for (const auto& [name, run] : world_) expected[name] = 1;
    EXPECT_EQ(found, expected);
  }

 private:
  struct Path {
    std::map<std::string, int> told;  // name -> run
    bool away = false;
  };

  void step() {
    const SourceId source = 1 + chance_() % 3;
    const std::string name(1, static_cast<char>('a' + chance_() % 4));
    switch (chance_() % 8) {
      case 0:
        world_.erase(name);
        break;
      case 1:
      case 2:
        world_[name] = static_cast<int>(chance_());
        break;
      case 3:
        if (!std::exchange(paths_[source].away, true)) {
          fold(merger_.take(source, BackendDisconnected{"docker", "", "gone"}, now_));
        }
        break;
      case 4:
        now_ += std::chrono::milliseconds(chance_() % 15'000);
        fold(merger_.advance(now_));
        break;
      default:
        catch_up(source);
    }
  }

  /// Reports what a list after a reconnect, or the stream, would.
  void catch_up(SourceId source) {
    Path& path = paths_[source];
    const auto told = path.told;
    for (const auto& [name, run] : told) {
      const auto at = world_.find(name);
      if (at != world_.end() && at->second == run) continue;
      const InstancePtr last = container(source, name);
      fold(merger_.take(source, Stopped{last->key.id, name, last, Cause::live}, now_));
      path.told.erase(name);
    }
    for (const auto& [name, run] : world_) {
      if (!path.told.emplace(name, run).second) continue;
      fold(merger_.take(source, Started{container(source, name), Cause::live}, now_));
    }
    if (std::exchange(path.away, false)) {
      fold(merger_.take(source, BackendReconnected{"docker", ""}, now_));
    }
  }

  /// Expects a legal sequence of events for each key, and for each name of one engine.
  void fold(const std::vector<MergedEvent>& events) {
    for (const MergedEvent& merged : events) {
      const InstanceKey* const key = key_of(merged.event);
      if (key == nullptr) continue;
      if (std::holds_alternative<Stopped>(merged.event)) {
        ASSERT_EQ(shown_.erase(*key), 1U) << describe(merged);
      } else if (const auto* started = std::get_if<Started>(&merged.event)) {
        for (const auto& [other, name] : shown_) {
          ASSERT_NE(name, started->instance->name) << describe(merged) << ", " << other.endpoint;
        }
        ASSERT_TRUE(shown_.emplace(*key, started->instance->name).second) << describe(merged);
      } else {
        ASSERT_TRUE(shown_.contains(*key)) << describe(merged);
      }
    }
    ASSERT_EQ(shown_.size(), merger_.list().size());
  }

  Merger& merger_;
  std::mt19937 chance_;
  std::map<std::string, int> world_;
  std::map<SourceId, Path> paths_;
  std::map<InstanceKey, std::string> shown_;
  Monotonic now_{1h};
};

TEST(MergerProperty, WhateverThePathsTellEachInstanceIsShownOnceAndInTheEndAllOfThem) {
  for (unsigned seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    Merger merger({.grace = seed % 2 == 0 ? std::optional<Duration>(12s) : std::nullopt});
    Paths paths(merger, seed);
    paths.run(200);
    paths.expect_all_once();
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace rollcall
