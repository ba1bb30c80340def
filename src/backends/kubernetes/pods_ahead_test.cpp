#include "backends/kubernetes/pods_ahead.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::kubernetes {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::SizeIs;

constexpr Timestamp discovered(7s);
constexpr std::string_view head =
    R"({"kind":"PodList","metadata":{"resourceVersion":"42"},"items":[)";

/// About 4 KiB of JSON, so that some hundred of them are more than a few batches.
std::string pod_json(int number) {
  return fmt::format(R"({{"metadata":{{"uid":"uid-{0}","name":"web-{0}","namespace":"shop",)"
                     R"("managedFields":[{{"note":"{1}"}}],"annotations":{{"note":"{1}"}}}},)"
                     R"("status":{{"phase":"Running","podIP":"10.0.{2}.{3}"}}}})",
                     number, std::string(2000, 'x'), number / 250, number % 250 + 1);
}

std::string list_of(int count) {
  std::string list(head);
  for (int i = 0; i < count; ++i) list += (i > 0 ? "," : "") + pod_json(i);
  return list + "]}";
}

struct Outcome {
  std::vector<Instance> pods;
  std::optional<ListHead> list;
  std::string error;
};

class PodsAheadTest : public testing::Test {
 protected:
  /// Takes one list after another, in reads of at most that size.
  Outcome take(const std::vector<std::string>& lists, std::size_t read_size) {
    Outcome outcome;
    PodsAhead pods(io_.get_executor(), "https://c", discovered,
                   [&outcome](Pod pod) -> Result<void> {
                     outcome.pods.push_back(std::move(*pod.instance));
                     return {};
                   });
    boost::asio::co_spawn(io_, read_all(pods, lists, read_size, outcome),
                          [](const std::exception_ptr& thrown) {
                            if (thrown) std::rethrow_exception(thrown);
                          });
    io_.restart();
    io_.run();
    return outcome;
  }

  static boost::asio::awaitable<void> read_all(PodsAhead& pods,
                                               const std::vector<std::string>& lists,
                                               std::size_t read_size, Outcome& outcome) {
    for (const std::string& list : lists) {
      if (!co_await read(pods, list, read_size, outcome)) co_return;
      auto found = co_await pods.finish();
      if (!found) {
        outcome.error = found.error().what;
        co_return;
      }
      outcome.list = std::move(*found);
    }
  }

  static boost::asio::awaitable<bool> read(PodsAhead& pods, std::string_view bytes,
                                           std::size_t read_size, Outcome& outcome) {
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, read_size);
      bytes.remove_prefix(piece.size());
      auto taken = co_await pods.take(piece);
      if (!taken) {
        outcome.error = taken.error().what;
        co_return false;
      }
    }
    co_return true;
  }

  boost::asio::io_context io_{1};
};

void expect_pods(const std::vector<Instance>& pods, int count) {
  ASSERT_THAT(pods, SizeIs(static_cast<std::size_t>(count)));
  Decoder decoder("https://c");
  for (int i = 0; i < count; ++i) {
    std::string json = pod_json(i);
    const std::size_t size = json.size();
    json.append(JsonSplitter::padding, ' ');
    const auto alone = decoder.pod(std::string_view(json).substr(0, size), discovered,
                                   [](const Meta&) { return false; });
    ASSERT_TRUE(alone);
    const Instance& pod = pods[static_cast<std::size_t>(i)];
    ASSERT_EQ(pod.key, alone->instance->key) << i;
    ASSERT_TRUE(same_content(pod, *alone->instance)) << i;
  }
}

TEST_F(PodsAheadTest, PutsAllInTheirOrderHoweverTheyCome) {
  for (const int count : {0, 1, 3, 700}) {
    for (const std::size_t read_size :
         {std::size_t{777}, std::size_t{64} << 10U, std::size_t{1} << 30U}) {
      const Outcome outcome = take({list_of(count)}, read_size);
      EXPECT_EQ(outcome.error, "");
      ASSERT_TRUE(outcome.list);
      EXPECT_EQ(outcome.list->version, "42");
      expect_pods(outcome.pods, count);
    }
  }
}

TEST_F(PodsAheadTest, TakesOneListAfterTheOther) {
  const Outcome outcome = take({list_of(300), list_of(2), list_of(300)}, 10'000);
  EXPECT_EQ(outcome.error, "");
  EXPECT_THAT(outcome.pods, SizeIs(602));
}

TEST_F(PodsAheadTest, AListThatEndsTooEarlyIsAnError) {
  const std::string whole = list_of(400);
  for (const std::size_t size : {std::size_t{10}, whole.size() / 2, whole.size() - 1}) {
    const Outcome outcome = take({whole.substr(0, size)}, 64 << 10U);
    EXPECT_THAT(outcome.error, HasSubstr("no list of the Kubernetes API")) << size;
    EXPECT_FALSE(outcome.list);
  }
}

TEST_F(PodsAheadTest, WhatIsNoItemIsAnErrorWhereverItStands) {
  for (const int before : {0, 200, 600}) {
    std::string list = list_of(before);
    list.resize(list.size() - 2);
    list += fmt::format("{}7,{}]}}", before > 0 ? "," : "", pod_json(1));
    EXPECT_THAT(take({list}, 64 << 10U).error, HasSubstr("not a JSON array of objects")) << before;
  }
}

TEST_F(PodsAheadTest, APodWithoutAUidIsAnErrorWhereverItStands) {
  for (const int before : {0, 600}) {
    std::string list = list_of(before);
    list.resize(list.size() - 2);
    list += before > 0 ? ",{}]}" : "{}]}";
    EXPECT_THAT(take({list}, 64 << 10U).error, HasSubstr("a pod without a UID")) << before;
  }
}

TEST_F(PodsAheadTest, MayBeLeftInTheMiddle) {
  const std::string list = list_of(700);
  Outcome outcome;
  {
    PodsAhead pods(io_.get_executor(), "https://c", discovered,
                   [&outcome](Pod pod) -> Result<void> {
                     outcome.pods.push_back(std::move(*pod.instance));
                     return {};
                   });
    boost::asio::co_spawn(io_, read(pods, list, std::size_t{64} << 10U, outcome),
                          boost::asio::detached);
    io_.run();
  }
  const std::size_t put = outcome.pods.size();
  EXPECT_GT(put, 0U);
  io_.restart();
  io_.run();  // The last message of the thread.
  EXPECT_EQ(outcome.pods.size(), put);
}

}  // namespace
}  // namespace rollcall::kubernetes
