// A watch of a WebSocket stream: frames, pings, close codes, silence.
#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include <fmt/format.h>

#include "conformance/conformance.hpp"

namespace rollcall::conformance {
namespace {

using namespace std::chrono_literals;
using test::Fault;
using testing::ElementsAre;
using Verb = Fault::Verb;

class WebSocketStreams : public ScriptedConformance {
 protected:
  void inject_once(Verb verb, std::size_t amount) {
    inject({.verb = verb, .where = script().stream_target, .amount = amount, .times = 1});
  }

  /// Deadlines are real here: long enough for a busy machine.
  void use_short_silence() { script().deadlines.silence = 1s; }

  [[nodiscard]] bool wait_for_ping() {
    const std::size_t before = server().pings;
    return wait_until([this, before] { return server().pings > before; });
  }
};

TEST_P(WebSocketStreams, InFragmentsWithPingsBetweenThemAreTheSameAndPingsAreAnswered) {
  watch_synced();
  inject({.verb = Verb::fragments, .where = script().stream_target, .amount = 7});
  const std::string kept = engine().run("kept");
  const std::string gone = engine().run("gone");
  engine().remove(gone);
  engine().pause(kept);
  ASSERT_TRUE(wait_for(kept, InstanceState::paused));
  EXPECT_EQ(fold().count("backend_disconnected"), 0U);
  EXPECT_TRUE(wait_until([this] { return server().pongs > 0; }));
}

TEST_P(WebSocketStreams, ClosedByACodeOfARegularEndAreNoOutage) {
  watch_synced();
  for (const std::uint16_t code : std::to_array<std::uint16_t>({1000, 1001, 1012, 0})) {
    pass(5s);
    inject_once(Verb::close_with, code);
    const std::string id = engine().run(fmt::format("code{}", code));
    ASSERT_TRUE(wait_started(id)) << code;
  }
  EXPECT_EQ(fold().count("backend_disconnected"), 0U) << transcript(fold());
}

TEST_P(WebSocketStreams, ClosedByAnyOtherCodeAreAnOutageAtOnce) {
  watch_synced();
  std::size_t outages = 0;
  for (const std::uint16_t code :
       std::to_array<std::uint16_t>({1002, 1003, 1007, 1008, 1009, 1011, 1013, 4000})) {
    pass(5s);
    inject_once(Verb::close_with, code);
    const std::string id = engine().run(fmt::format("code{}", code));
    pass(Duration::zero());
    EXPECT_EQ(fold().count("backend_disconnected"), ++outages) << code;
    ASSERT_TRUE(wait_for_count("backend_reconnected", outages)) << code;
    EXPECT_EQ(history(id), "started") << code;
  }
}

TEST_P(WebSocketStreams, ThatAreQuietAreAskedByPingsAndStayWhileTheyAreAnswered) {
  use_short_silence();
  const std::string id = engine().run("a");
  watch_synced();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(wait_for_ping());
  EXPECT_THAT(told(), ElementsAre("started a initial"));
  EXPECT_EQ(history(id), "started");
}

TEST_P(WebSocketStreams, ThatAreHalfOpenAreAnOutageAfterTheirSilence) {
  use_short_silence();
  watch_synced();
  ASSERT_TRUE(wait_for_ping());
  inject({.verb = Verb::half_open, .where = script().stream_target});
  const std::string id = engine().run("unheard");
  ASSERT_TRUE(wait_for_count("backend_disconnected", 1));
  server().heal();
  ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
  EXPECT_EQ(history(id), "started");
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(WebSocketStreams);  // if another engine is chosen
INSTANTIATE_TEST_SUITE_P(OfIncus, WebSocketStreams, testing::ValuesIn(chosen("incus_scripted")),
                         name_of);
INSTANTIATE_TEST_SUITE_P(OfLxd, WebSocketStreams, testing::ValuesIn(chosen("lxd_scripted")),
                         name_of);
INSTANTIATE_TEST_SUITE_P(OfProjects, WebSocketStreams,
                         testing::ValuesIn(chosen("lxd_projects_scripted")), name_of);

}  // namespace
}  // namespace rollcall::conformance
