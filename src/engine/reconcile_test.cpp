#include "engine/reconcile.hpp"

#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_engine.hpp"

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using test::make_instance;
using testing::ElementsAre;

const Timestamp noon{std::chrono::hours(12)};

std::vector<std::string> texts(const std::vector<Difference>& differences) {
  std::vector<std::string> all;
  for (const Difference& d : differences) {
    all.push_back(std::string(type_of(d.event)) + " " + key_of(d.event)->id);
  }
  return all;
}

Snapshot snapshot_of(const std::vector<InstancePtr>& instances) {
  Snapshot snapshot{.taken_at = noon};
  for (const InstancePtr& instance : instances) snapshot.readings.push_back({instance});
  return snapshot;
}

TEST(Reconcile, AllStoppedThenAllUpdatedThenAllStartedEachByKey) {
  const KnownById known = {{make_instance("1", "a"), noon},
                           {make_instance("2", "b"), noon},
                           {make_instance("3", "c"), noon},
                           {make_instance("4", "d"), noon}};
  const Snapshot snapshot = snapshot_of({make_instance("9", "z"), make_instance("4", "d2"),
                                         make_instance("2", "b2"), make_instance("8", "y")});
  EXPECT_THAT(
      texts(reconcile(known, snapshot, {}, Cause::resync)),
      ElementsAre("stopped 1", "stopped 3", "updated 2", "updated 4", "started 8", "started 9"));
}

TEST(Reconcile, OneThatDoesNotRunAnyMoreIsStopped) {
  const KnownById known = {{make_instance("1", "a"), noon}};
  const Snapshot snapshot = snapshot_of({make_instance("1", "a", InstanceState::stopped)});
  EXPECT_THAT(texts(reconcile(known, snapshot, {}, Cause::resync)), ElementsAre("stopped 1"));
}

TEST(Reconcile, AMarkOfAnotherRunIsStoppedAndStarted) {
  Instance first = *make_instance("1", "a");
  first.run = "run-1";
  Instance second = first;
  second.run = "run-2";
  const Known known{std::make_shared<Instance>(first), noon};
  const auto now = std::make_shared<const Instance>(second);
  EXPECT_THAT(texts(reconcile_one(&known, now, {}, Cause::live)),
              ElementsAre("stopped 1", "started 1"));
}

TEST(Reconcile, TheSameMarkBeatsASignalledEnd) {
  Instance same = *make_instance("1", "a");
  same.run = "run-1";
  const Known known{std::make_shared<Instance>(same), noon};
  EXPECT_TRUE(reconcile_one(&known, known.told, noon + 1s, Cause::live).empty());
}

TEST(Reconcile, ASignalledEndThatTheListConfirmsAsARestartIsStoppedAndStarted) {
  const KnownById known = {{make_instance("1", "a"), noon}};
  Snapshot snapshot = snapshot_of({make_instance("1", "a")});
  snapshot.taken_at = noon + 2s;
  EXPECT_THAT(texts(reconcile(known, snapshot, {{"1", noon + 1s}}, Cause::resync)),
              ElementsAre("stopped 1", "started 1"));
  EXPECT_TRUE(reconcile(known, snapshot, {{"1", noon - 1s}}, Cause::resync).empty());
}

TEST(Reconcile, ASignalledEndThatIsNewerThanTheListIsNotYetSettledByIt) {
  const KnownById known = {{make_instance("1", "a"), noon}};
  Snapshot snapshot = snapshot_of({make_instance("1", "a")});
  snapshot.taken_at = noon + 1s;
  EXPECT_TRUE(reconcile(known, snapshot, {{"1", noon + 2s}}, Cause::resync).empty());
}

TEST(Reconcile, AContainerMadeAnewUnderItsNameIsStoppedOldThenStartedNew) {
  const KnownById known = {{make_instance("9old", "web"), noon}};
  const Snapshot snapshot = snapshot_of({make_instance("1new", "web")});
  EXPECT_THAT(texts(reconcile(known, snapshot, {}, Cause::resync)),
              ElementsAre("stopped 9old", "started 1new"));
}

TEST(Reconcile, ApplyingTheDifferencesGivesTheSnapshot) {
  std::mt19937 random(11);
  const auto any_world = [&random] {
    std::vector<InstancePtr> world;
    for (int id = 0; id < 12; ++id) {
      if (random() % 2 == 0) continue;
      const auto state = random() % 4 == 0 ? InstanceState::stopped : InstanceState::running;
      world.push_back(make_instance(std::to_string(id), "n" + std::to_string(random() % 3), state));
    }
    return world;
  };
  for (int round = 0; round < 500; ++round) {
    KnownById known;
    for (const InstancePtr& instance : any_world()) {
      if (in_running_set(*instance)) known.put({instance, noon});
    }
    const Snapshot snapshot = snapshot_of(any_world());
    RunEnds ends;
    if (random() % 2 == 0) ends["3"] = noon + 1s;
    for (const Difference& difference : reconcile(known, snapshot, ends, Cause::resync)) {
      apply(known, difference, snapshot.taken_at);
    }
    std::size_t running = 0;
    for (const Reading& reading : snapshot.readings) {
      if (!in_running_set(*reading.instance)) continue;
      ++running;
      const Known* at = known.find(reading.instance->key.id);
      ASSERT_NE(at, nullptr);
      ASSERT_TRUE(same_content(*at->told, *reading.instance));
    }
    ASSERT_EQ(known.size(), running);
    ASSERT_TRUE(reconcile(known, snapshot, {}, Cause::resync).empty());
  }
}

}  // namespace
}  // namespace rollcall
