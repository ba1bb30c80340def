#include "backends/docker_api/halves.hpp"

#include <algorithm>
#include <set>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/run.hpp"

namespace rollcall::docker_api {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Le;

/// An engine that fails over some containers, and counts what it is asked.
class Halves : public testing::Test {
 protected:
  Task<ListOutcome> answer(std::vector<std::string> ids) {
    ++requests_;
    most_ = std::max(most_, ids.size());
    if (breaks_) co_return fail({.what = "the connection broke"});
    for (const std::string& id : ids) {
      if (!sick_.contains(id)) continue;
      co_return ListOutcome{
          .trouble = RuntimeError{.what = fmt::format("{} said {} times", id, requests_)}};
    }
    told_.insert(ids.begin(), ids.end());
    co_return ListOutcome();
  }

  Failed ask(const std::vector<std::string>& ids, Failed known = {}) {
    requests_ = 0;
    told_.clear();
    auto failed = test::run(io_, ask_in_halves(ids, std::move(known), [this](auto some) {
                              return answer(std::move(some));
                            }));
    EXPECT_TRUE(failed);
    return failed ? *failed : Failed();
  }

  static std::vector<std::string> ids(int count) {
    std::vector<std::string> all;
    for (int i = 0; i < count; ++i) all.push_back(fmt::format("{:04}", i));
    return all;
  }

  std::vector<std::string> failed_ids(const Failed& failed) {
    std::vector<std::string> all;
    for (const auto& [id, error] : failed) all.push_back(id);
    return all;
  }

  boost::asio::io_context io_;
  std::set<std::string> sick_;
  std::set<std::string> told_;
  std::size_t requests_ = 0;
  std::size_t most_ = 0;
  bool breaks_ = false;
};

TEST_F(Halves, FindTheOneThatMakesAllFail) {
  sick_ = {"0070"};
  EXPECT_THAT(failed_ids(ask(ids(100))), ElementsAre("0070"));
  EXPECT_EQ(told_.size(), 99U);
  EXPECT_THAT(requests_, Le(2U * 7U + 1U));
}

TEST_F(Halves, FindSeveralAmongMany) {
  sick_ = {"0000", "0001", "0999", "1500"};
  EXPECT_THAT(failed_ids(ask(ids(2000))), ElementsAre("0000", "0001", "0999", "1500"));
  EXPECT_EQ(told_.size(), 1996U);
  EXPECT_THAT(most_, Le(100U)) << "the target of a request has a length";
}

TEST_F(Halves, OfNoneAndOfHealthyOnesFindNothing) {
  EXPECT_THAT(ask({}), IsEmpty());
  EXPECT_EQ(requests_, 0U);
  EXPECT_THAT(ask(ids(250)), IsEmpty());
  EXPECT_EQ(requests_, 3U);
}

TEST_F(Halves, AskThoseThatAreKnownAloneAndKeepWhatWasSaid) {
  sick_ = {"0003", "0070"};
  const auto first = ask(ids(100));
  const auto again = ask(ids(100), first);
  EXPECT_EQ(requests_, 3U);
  EXPECT_EQ(again.at("0070").what, first.at("0070").what);
  sick_.clear();
  EXPECT_THAT(ask(ids(100), first), IsEmpty()) << "they are well again";
}

TEST_F(Halves, EndWhereAllFail) {
  for (const std::string& id : ids(5000)) sick_.insert(id);
  EXPECT_EQ(ask(ids(5000)).size(), 5000U);
  EXPECT_THAT(requests_, Le(256U));
}

TEST_F(Halves, EndWithTheConnection) {
  breaks_ = true;
  const auto failed =
      test::run(io_, ask_in_halves(ids(10), {}, [this](auto some) { return answer(some); }));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().what, "the connection broke");
}

}  // namespace
}  // namespace rollcall::docker_api
