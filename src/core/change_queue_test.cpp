#include "core/change_queue.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

Timestamp second(int number) {
  return Timestamp(std::chrono::seconds(number));
}

Touched touched(std::string id, RunMark mark, int at = 1) {
  return {.id = std::move(id), .at = second(at), .mark = mark};
}

InstancePtr instance(std::string id, std::string name = "") {
  Instance made;
  made.key.id = std::move(id);
  made.name = std::move(name);
  return std::make_shared<const Instance>(std::move(made));
}

std::string word(const Change& change) {
  if (const auto* touch = std::get_if<Touched>(&change)) {
    const char* mark = touch->mark == RunMark::began   ? "began "
                       : touch->mark == RunMark::ended ? "ended "
                                                       : "changed ";
    return mark + touch->id + "@" + std::to_string((touch->at - Timestamp()) / 1s);
  }
  if (const auto* upsert = std::get_if<Upsert>(&change)) {
    return "upsert " + upsert->instance->key.id + upsert->instance->name;
  }
  if (const auto* gone = std::get_if<Gone>(&change)) return "gone " + gone->id;
  return std::holds_alternative<ResyncNeeded>(change) ? "resync" : "end";
}

std::vector<std::string> taken(ChangeQueue& queue) {
  std::vector<std::string> all;
  while (auto change = queue.pop()) all.push_back(word(*change));
  return all;
}

TEST(ChangeQueue, WhatIsOfDifferentInstancesComesInOrder) {
  ChangeQueue queue;
  queue.push(touched("b", RunMark::began));
  queue.push(touched("a", RunMark::changed));
  queue.push(Gone{.id = "c", .at = second(1)});
  EXPECT_THAT(taken(queue), ElementsAre("began b@1", "changed a@1", "gone c"));
}

TEST(ChangeQueue, SignalsOfOneInstanceAreOneOfEachMark) {
  ChangeQueue queue;
  for (int i = 0; i < 1000; ++i) {
    queue.push(touched("a", RunMark::ended, i));
    queue.push(touched("a", RunMark::began, i));
    queue.push(touched("a", RunMark::changed, i));
  }
  EXPECT_EQ(queue.size(), 3U);
  EXPECT_THAT(taken(queue), ElementsAre("ended a@999", "began a@999", "changed a@999"));
}

TEST(ChangeQueue, TheLatestEndOfARunIsKeptWhateverItsPlace) {
  ChangeQueue queue;
  queue.push(touched("a", RunMark::ended, 9));
  queue.push(touched("a", RunMark::ended, 3));
  EXPECT_THAT(taken(queue), ElementsAre("ended a@9"));
}

TEST(ChangeQueue, ARemovalMakesWhatCameBeforeItVoid) {
  ChangeQueue queue;
  queue.push(touched("a", RunMark::began, 1));
  queue.push(touched("a", RunMark::ended, 2));
  queue.push(Gone{.id = "a", .at = second(2)});
  queue.push(touched("a", RunMark::began, 3));
  EXPECT_THAT(taken(queue), ElementsAre("gone a", "began a@3"));
}

TEST(ChangeQueue, AnEndThatIsLaterThanTheRemovalStays) {
  ChangeQueue queue;
  queue.push(touched("a", RunMark::ended, 5));
  queue.push(Gone{.id = "a", .at = second(2)});
  EXPECT_THAT(taken(queue), ElementsAre("ended a@5", "gone a"));
}

TEST(ChangeQueue, OfWholeStatesTheLastIsKept) {
  ChangeQueue queue;
  queue.push(Upsert{instance("a", "1")});
  queue.push(Upsert{instance("b", "1")});
  queue.push(Upsert{instance("a", "2")});
  EXPECT_THAT(taken(queue), ElementsAre("upsert b1", "upsert a2"));
  queue.push(Upsert{instance("a", "1")});
  queue.push(Gone{.id = "a"});
  queue.push(Upsert{instance("a", "2")});
  EXPECT_THAT(taken(queue), ElementsAre("gone a", "upsert a2"));
}

TEST(ChangeQueue, OneDoubtIsEnough) {
  ChangeQueue queue;
  queue.push(ResyncNeeded{"one"});
  queue.push(ResyncNeeded{"two"});
  queue.push(StreamEnded{});
  EXPECT_THAT(taken(queue), ElementsAre("resync", "end"));
  queue.push(ResyncNeeded{"three"});
  queue.clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_THAT(taken(queue), IsEmpty());
}

TEST(ChangeQueue, TellsWhatItTakes) {
  ChangeQueue queue;
  EXPECT_EQ(queue.bytes(), 0U);
  Instance large;
  large.key.id = "a";
  const std::string padding(1U << 20U, 'x');
  large.labels = Labels({{"padding", padding}});
  queue.push(Upsert{std::make_shared<const Instance>(large)});
  EXPECT_GT(queue.bytes(), 1U << 20U);
  queue.push(Upsert{instance("a")});
  EXPECT_LT(queue.bytes(), 10'000U) << "the one that was replaced counts";
  queue.push(touched("b", RunMark::ended, 1));
  queue.push(touched("b", RunMark::ended, 2));
  queue.push(Gone{.id = "b", .at = second(3)});
  queue.push(ResyncNeeded{"doubt"});
  EXPECT_THAT(taken(queue), ElementsAre("upsert a", "gone b", "resync"));
  EXPECT_EQ(queue.bytes(), 0U);
  queue.push(touched("b", RunMark::ended));
  queue.clear();
  EXPECT_EQ(queue.bytes(), 0U);
}

}  // namespace
}  // namespace rollcall
