// The collapse table of the contract, and its bounds.
#include "core/channel/collapsing_queue.hpp"

#include <map>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_engine.hpp"

namespace rollcall {
namespace {

using test::make_instance;
using testing::ElementsAre;
using testing::IsEmpty;

/// Plays the sender: keeps what it sent, as a watch does.
class Queue {
 public:
  void started(const std::string& id, const std::string& name) { put<Started>(id, name); }
  void updated(const std::string& id, const std::string& name) { put<Updated>(id, name); }
  void stopped(const std::string& id) {
    const InstancePtr last = told_[id];
    told_.erase(id);
    queue_.push(Stopped{id, last->name, last, Cause::live}, last);
  }
  void disconnected() { queue_.push(BackendDisconnected{"fake", "", "reason"}, nullptr); }
  void reconnected() { queue_.push(BackendReconnected{"fake", ""}, nullptr); }

  std::vector<std::string> take(std::size_t most = 99) {
    std::vector<std::string> all;
    while (all.size() < most) {
      auto event = queue_.pop();
      if (!event) break;
      all.push_back(text(*event));
    }
    return all;
  }

  CollapsingQueue& raw() { return queue_; }

 private:
  template <class Event>
  void put(const std::string& id, const std::string& name) {
    InstancePtr& told = told_[id];
    const InstancePtr before = std::exchange(told, make_instance(id, name));
    queue_.push(Event{told, Cause::live}, before);
  }

  static std::string text(const RuntimeEvent& event) {
    if (const auto* e = std::get_if<Started>(&event)) return "started " + e->instance->name;
    if (const auto* e = std::get_if<Updated>(&event)) return "updated " + e->instance->name;
    if (const auto* e = std::get_if<Stopped>(&event)) return "stopped " + e->last->name;
    return std::string(type_of(event));
  }

  CollapsingQueue queue_;
  std::map<std::string, InstancePtr> told_;
};

TEST(CollapsingQueue, StartedThenUpdatedIsStartedNew) {
  Queue q;
  q.started("1", "a");
  q.updated("1", "b");
  EXPECT_THAT(q.take(), ElementsAre("started b"));
}

TEST(CollapsingQueue, SeveralUpdatesAreTheLast) {
  Queue q;
  q.started("1", "a");
  q.take();
  q.updated("1", "b");
  q.updated("1", "c");
  EXPECT_THAT(q.take(), ElementsAre("updated c"));
}

TEST(CollapsingQueue, AnUpdateBackToWhatTheConsumerHasIsNothing) {
  Queue q;
  q.started("1", "a");
  q.take();
  q.updated("1", "b");
  q.updated("1", "a");
  EXPECT_THAT(q.take(), IsEmpty());
}

TEST(CollapsingQueue, StartedThenStoppedIsNothing) {
  Queue q;
  q.started("1", "a");
  q.stopped("1");
  EXPECT_THAT(q.take(), IsEmpty());
  EXPECT_TRUE(q.raw().empty());
}

TEST(CollapsingQueue, UpdatedThenStoppedIsStoppedWithWhatTheConsumerHas) {
  Queue q;
  q.started("1", "a");
  q.take();
  q.updated("1", "b");
  q.stopped("1");
  EXPECT_THAT(q.take(), ElementsAre("stopped a"));
}

TEST(CollapsingQueue, StoppedThenStartedIsBoth) {
  Queue q;
  q.started("1", "a");
  q.take();
  q.stopped("1");
  q.started("1", "b");
  q.updated("1", "c");
  EXPECT_THAT(q.take(), ElementsAre("stopped a", "started c"));
}

TEST(CollapsingQueue, StoppedStartedStoppedIsOneStopped) {
  Queue q;
  q.started("1", "a");
  q.take();
  q.stopped("1");
  q.started("1", "b");
  q.stopped("1");
  EXPECT_THAT(q.take(), ElementsAre("stopped a"));
}

TEST(CollapsingQueue, HalfOfAPairMayBeTakenBeforeTheRestChanges) {
  Queue q;
  q.started("1", "a");
  q.take();
  q.stopped("1");
  q.started("1", "b");
  EXPECT_THAT(q.take(1), ElementsAre("stopped a"));
  q.stopped("1");
  EXPECT_THAT(q.take(), IsEmpty());
}

TEST(CollapsingQueue, AnUntakenDisconnectedAndReconnectedAreNothingAndTheirDifferencesStay) {
  Queue q;
  q.disconnected();
  q.started("1", "a");
  q.reconnected();
  EXPECT_THAT(q.take(), ElementsAre("started a"));
}

TEST(CollapsingQueue, AReconnectedThatWasUndoneIsNothing) {
  Queue q;
  q.disconnected();
  EXPECT_THAT(q.take(), ElementsAre("backend_disconnected"));
  q.reconnected();
  q.disconnected();
  EXPECT_THAT(q.take(), IsEmpty());
  q.reconnected();
  EXPECT_THAT(q.take(), ElementsAre("backend_reconnected"));
}

TEST(CollapsingQueue, ANameThatMovesArrivesAfterTheEndOfItsFormerOwner) {
  Queue q;
  q.started("old", "web");
  q.take();
  q.started("new", "web-next");
  q.stopped("old");
  q.updated("new", "web");
  EXPECT_THAT(q.take(), ElementsAre("stopped web", "started web"));
}

TEST(CollapsingQueue, ReconnectedStaysBehindTheDifferencesBeforeIt) {
  Queue q;
  q.disconnected();
  q.take();
  q.started("1", "a");
  q.started("2", "b");
  q.reconnected();
  q.raw().push_marker();
  q.updated("1", "renamed");
  EXPECT_THAT(q.take(2), ElementsAre("started b", "started renamed"));
  EXPECT_FALSE(q.raw().marker_reached());
  EXPECT_THAT(q.take(), ElementsAre("backend_reconnected"));
  EXPECT_TRUE(q.raw().marker_reached());
}

TEST(CollapsingQueue, TheMarkerIsReachedWhenAllBeforeItWasTaken) {
  Queue q;
  q.started("1", "a");
  q.raw().push_marker();
  EXPECT_FALSE(q.raw().marker_reached());
  q.take();
  EXPECT_TRUE(q.raw().marker_reached());
}

TEST(CollapsingQueue, UndeliveredTellsWhatTheConsumerHas) {
  Queue q;
  q.started("1", "a");
  q.take();
  q.updated("1", "b");
  q.started("2", "c");
  const auto undelivered = q.raw().undelivered();
  ASSERT_EQ(undelivered.size(), 2U);
  EXPECT_EQ(undelivered[0].second->name, "a");
  EXPECT_EQ(undelivered[1].second, nullptr);
}

TEST(CollapsingQueue, AnyHistoryFoldsToItsEndAndAlternates) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    Queue q;
    std::map<std::string, std::string> world;
    std::map<std::string, std::string> folded;
    const auto take = [&](std::size_t most) {
      for (const std::string& line : q.take(most)) {
        const std::string name = line.substr(line.find(' ') + 1);
        const std::string id = name.substr(0, 1);
        const bool known = folded.contains(id);
        ASSERT_EQ(known, !line.starts_with("started")) << line;
        if (line.starts_with("stopped")) {
          ASSERT_EQ(folded[id], name);
          folded.erase(id);
        } else {
          ASSERT_NE(folded[id], name) << "an update that tells nothing new";
          folded[id] = name;
        }
      }
    };
    for (int step = 0; step < 60; ++step) {
      const std::string id(1, static_cast<char>('a' + random() % 4));
      const std::string name = id + std::to_string(random() % 3);
      if (!world.contains(id)) {
        q.started(id, name);
        world[id] = name;
      } else if (random() % 3 == 0) {
        q.stopped(id);
        world.erase(id);
      } else if (world[id] != name) {
        q.updated(id, name);
        world[id] = name;
      }
      if (random() % 5 == 0) take(random() % 3);
    }
    take(99);
    ASSERT_EQ(folded, world) << "round " << round;
  }
}

}  // namespace
}  // namespace rollcall
