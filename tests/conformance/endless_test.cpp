// Endless input ends at its budget, for every runtime.
#include <string>
#include <vector>

#include <fmt/format.h>

#include "conformance/conformance.hpp"
#include "core/budgets.hpp"

namespace rollcall::conformance {
namespace {

using namespace std::chrono_literals;
using test::Fault;
using testing::ElementsAre;
using testing::HasSubstr;
using Verb = Fault::Verb;

constexpr std::size_t few = 200;
constexpr std::size_t piece = 4096;

/// For every runtime that can be scripted, the host and systemd included.
class Budgets : public Conformance {
 protected:
  void run_some(int count) {
    for (int i = 0; i < count; ++i) engine().run(fmt::format("i{}", i));
  }
  void expect_too_much(std::string_view what) {
    const auto listed = list();
    ASSERT_FALSE(listed.has_value());
    EXPECT_EQ(listed.error().kind, ErrorKind::protocol) << listed.error();
    EXPECT_THAT(listed.error().what, HasSubstr(std::string(what)));
    EXPECT_EQ(listed.error().endpoint, engine().endpoint());
  }
};

TEST_P(Budgets, AListOfTooManyIsAProtocolError) {
  engine().limits.items = 5;
  run_some(6);
  expect_too_much("lists more than 5 items");
}

TEST_P(Budgets, AListOfTooMuchIsAProtocolError) {
  engine().limits.bytes = 500;
  run_some(1);
  expect_too_much("of instances");
}

TEST_P(Budgets, AListOfTooManyIsAnOutageUntilThereAreFewer) {
  engine().limits.items = 20;
  run_some(15);
  std::vector<std::string> more;  // they exceed the limit
  for (int i = 0; i < 6; ++i) more.push_back(engine().run(fmt::format("more{}", i)));
  watch();
  EXPECT_TRUE(wait_until([this] { return fold().count("backend_disconnected") == 1; }));
  EXPECT_FALSE(receiver().synced());
  for (const std::string& id : more) engine().remove(id);
  EXPECT_TRUE(wait_synced());
}

std::vector<BackendCase> all_that_are_played() {
  std::vector<BackendCase> all = chosen_scripted();
  for (const char* name : {"host_scripted", "systemd_scripted"}) {
    for (const BackendCase& backend : chosen(name)) all.push_back(backend);
  }
  return all;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Budgets);  // If a real engine is chosen.
INSTANTIATE_TEST_SUITE_P(Each, Budgets, testing::ValuesIn(all_that_are_played()), name_of);

class Endless : public ScriptedConformance {
 protected:
  [[nodiscard]] Fault on_list(Verb verb, const std::string& first, const std::string& text) {
    Fault fault{.verb = verb, .where = script().list_target};
    fault.first = first;
    fault.text = text;
    return fault;
  }

  void expect_given_up(Fault fault, ErrorKind kind, std::string_view what) {
    inject(std::move(fault));
    const auto listed = list();
    ASSERT_FALSE(listed.has_value());
    EXPECT_EQ(listed.error().kind, kind) << listed.error();
    EXPECT_THAT(listed.error().what, HasSubstr(std::string(what)));
    server().heal();
    EXPECT_TRUE(list().has_value());
  }
};

TEST_P(Endless, AListOfItemsIsGivenUpAtItsNumber) {
  engine().limits.items = few;
  const auto [begin, item] = script().list_text();
  expect_given_up(on_list(Verb::endless, begin, item), ErrorKind::protocol, "items");
}

TEST_P(Endless, AListOfItemsIsGivenUpAtItsBytes) {
  engine().limits.bytes = few * sizeof(Instance);
  const auto [begin, item] = script().list_text();
  expect_given_up(on_list(Verb::endless, begin, item), ErrorKind::protocol, "of instances");
}

TEST_P(Endless, AnAnswerOfWhichLittleIsKeptIsGivenUp) {
  engine().limits.answer_bytes = 16 * piece;
  const auto [begin, item] = script().list_text();
  expect_given_up(on_list(Verb::endless, begin, item), ErrorKind::protocol, "has no end");
}

TEST_P(Endless, AnItemIsGivenUp) {
  const auto [begin, item] = script().list_text();
  const std::string text(16 * piece, 'x');
  expect_given_up(on_list(Verb::endless, begin + R"({"name":")", text), ErrorKind::protocol, "");
}

TEST_P(Endless, TheSpaceBetweenItemsIsGivenUp) {
  const auto [begin, item] = script().list_text();
  const std::string space(piece, ' ');
  expect_given_up(on_list(Verb::endless, begin, space), ErrorKind::protocol, "");
}

TEST_P(Endless, AHeadIsGivenUpAtEachRequest) {
  for (const std::string& where :
       {script().hello_target, script().list_target, script().stream_target}) {
    inject({.verb = Verb::endless_head, .where = where});
    watch();
    EXPECT_TRUE(wait_for_count("backend_disconnected", 1)) << where;
    server().heal();
    script().pass(60s);
    ASSERT_TRUE(wait_synced()) << where;
    ASSERT_TRUE(cancel());
    begin_again();
  }
}

TEST_P(Endless, AHeadThatDripsIsGivenUpInTime) {
  use_short_deadlines();
  inject({.verb = Verb::drip_head, .where = script().list_target});
  const auto listed = list();
  ASSERT_FALSE(listed.has_value());
  EXPECT_EQ(listed.error().fault, ConnectFault::mute) << listed.error();
}

TEST_P(Endless, AListThatDripsIsGivenUpInTime) {
  const std::string id = engine().run("a");
  const auto [begin, item] = script().list_text();
  inject(on_list(Verb::drip, begin, " "));
  watch();
  for (Duration passed{}; passed < budget::list_limit - 20s; passed += 10s) {
    pass(10s);
    server().drip();
  }
  EXPECT_THAT(told(), testing::IsEmpty());
  pass(40s);
  EXPECT_THAT(told(), ElementsAre("backend_disconnected"));
  server().heal();
  ASSERT_TRUE(wait_until([&] {
    pass(1s);
    return fold().running().contains(id);
  }));
}

TEST_P(Endless, AReadingThatDripsIsGivenUpInTime) {
  REQUIRE_ABILITY(readings);
  watch_synced();
  const auto [begin, item] = script().list_text();
  inject(on_list(Verb::drip, begin, " "));
  const std::string id = engine().run("a");
  pass(budget::list_limit + 30s);
  EXPECT_EQ(fold().count("backend_disconnected"), 1U);
  server().heal();
  ASSERT_TRUE(wait_until([&] {
    pass(1s);
    return fold().running().contains(id);
  }));
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Endless);  // If a real engine is chosen.
INSTANTIATE_TEST_SUITE_P(Each, Endless, testing::ValuesIn(chosen_scripted()), name_of);

}  // namespace
}  // namespace rollcall::conformance
