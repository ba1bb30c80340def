#include "cli/remote/event_stream.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> read(EventStreamReader& reader, std::string_view bytes) {
  std::vector<std::string> all;
  const auto fed = reader.feed(bytes, [&all](const StreamEvent& event) {
    all.push_back(event.id + "|" + event.type + "|" + event.data);
  });
  EXPECT_TRUE(fed) << fed.error().describe();
  return all;
}

TEST(EventStream, IsTheSameWhereverItIsCut) {
  const std::string text =
      ": hello\n\nretry: 2000\nid: 1-1\nevent: started\ndata: {\"a\":1}\n\n"
      "data: one\ndata:two\r\ndata\r\n\r\nid: 1-3\rdata: x\r\rnews: y\n\nevent: lonely\n\n";
  const auto expected = ElementsAre("1-1|started|{\"a\":1}", "1-1||one\ntwo\n", "1-3||x");
  for (std::size_t size = 1; size <= text.size(); ++size) {
    EventStreamReader reader;
    std::vector<std::string> all;
    for (std::size_t at = 0; at < text.size(); at += size) {
      for (auto& event : read(reader, std::string_view(text).substr(at, size))) {
        all.push_back(std::move(event));
      }
    }
    EXPECT_THAT(all, expected) << "in pieces of " << size;
  }
}

TEST(EventStream, WhatIsNotCompleteIsNotTold) {
  EventStreamReader reader;
  EXPECT_THAT(read(reader, "id: 7\ndata: half\n"), IsEmpty());
  EXPECT_THAT(read(reader, "\n"), ElementsAre("7||half"));
}

TEST(EventStream, HasABound) {
  EventStreamReader reader(16);
  const auto nothing = [](const StreamEvent&) {};
  EXPECT_TRUE(reader.feed("data: 12345\n\ndata: 12345\n\n", nothing));
  EXPECT_FALSE(reader.feed("data: 1234567\ndata: 1234567\n", nothing));
}

}  // namespace
}  // namespace rollcall::cli
