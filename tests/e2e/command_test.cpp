// The built program, as a shell runs it, against a real engine.
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dockerd.hpp"
#include "support/paths.hpp"

namespace rollcall::support {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr ExitStatus success{.code = 0, .signal = 0};
constexpr ExitStatus failure{.code = 1, .signal = 0};
constexpr ExitStatus wrong_usage{.code = 2, .signal = 0};

std::vector<std::string> rollcall(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {ROLLCALL_COMMAND};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

class Command : public ::testing::Test {
 protected:
  // One engine with one container for all tests: none of them changes it.
  static void SetUpTestSuite() {
    engine_ = std::make_unique<Dockerd>();
    id_ = engine_->api().run({.name = "web",
                              .labels = {{"rollcall.name", "shop"}},
                              .ports = {{.container_port = 80, .host_port = 18080}}});
  }
  static void TearDownTestSuite() { engine_.reset(); }

  static std::vector<std::string> on_engine(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--runtime", "docker", "--endpoint", engine_->endpoint()});
    return rollcall(arguments);
  }

  static const std::string& id() { return id_; }

 private:
  static inline std::unique_ptr<Dockerd> engine_;
  static inline std::string id_;
};

TEST_F(Command, ls_shows_a_table) {
  const auto output = run(on_engine({"ls"}));
  EXPECT_EQ(output.status, success);
  EXPECT_THAT(output.out, StartsWith("NAME"));
  EXPECT_THAT(output.out, HasSubstr("web"));
  EXPECT_THAT(output.out, HasSubstr("18080"));
  EXPECT_THAT(output.err, IsEmpty());
}

TEST_F(Command, ls_writes_json) {
  const auto output = run(on_engine({"ls", "-o", "json"}));
  EXPECT_EQ(output.status, success);
  const auto document = boost::json::parse(output.out);
  const auto& instances = document.at("instances").as_array();
  ASSERT_EQ(instances.size(), 1U);
  EXPECT_EQ(instances[0].at("name").as_string(), "web");
  EXPECT_EQ(instances[0].at("key").at("id").as_string(), id());
  EXPECT_EQ(instances[0].at("labels").at("rollcall.name").as_string(), "shop");
}

TEST_F(Command, explain_tells_all_of_one) {
  for (const std::string& word : {std::string("web"), id().substr(0, 6), std::string("shop")}) {
    const auto output = run(on_engine({"explain", word}));
    EXPECT_EQ(output.status, success) << output.err;
    EXPECT_THAT(output.out, StartsWith("web  running"));
    EXPECT_THAT(output.out, HasSubstr("name   shop  rollcall.name"));
    EXPECT_THAT(output.out, HasSubstr("127.0.0.1:18080"));
  }
  const auto output = run(on_engine({"explain", "web", "-o", "json"}));
  const auto document = boost::json::parse(output.out);
  EXPECT_EQ(document.at("instance").at("key").at("id").as_string(), id());
  EXPECT_TRUE(document.at("registration").at("registered").as_bool());
  EXPECT_EQ(run(on_engine({"explain", "nobody"})).status, failure);
}

TEST_F(Command, doctor_says_that_the_engine_answers) {
  const auto output = run(on_engine({"doctor"}));
  EXPECT_EQ(output.status, success);
  EXPECT_THAT(output.out, HasSubstr("docker"));
}

TEST_F(Command, watch_writes_a_line_an_event_and_ends_at_once_with_ctrl_c) {
  const Capture out;
  Process watch(on_engine({"watch", "-o", "jsonl"}), {.in = -1, .out = out.fd(), .err = -1});
  ASSERT_TRUE(eventually(10s, [&] { return out.text().ends_with('\n'); }));
  const auto event = boost::json::parse(out.text());
  EXPECT_EQ(event.at("type").as_string(), "started");
  EXPECT_EQ(event.at("cause").as_string(), "initial");
  EXPECT_EQ(event.at("instance").at("key").at("id").as_string(), id());
  watch.signal(SIGINT);
  EXPECT_EQ(watch.wait(1s), success);
}

TEST_F(Command, watch_ends_with_its_reader) {
  const auto script = fmt::format("{} | head -n 1", fmt::join(on_engine({"watch"}), " "));
  const auto output = run({"bash", "-c", "set -o pipefail; " + script}, 20s);
  EXPECT_EQ(output.status, success) << output.err;
  EXPECT_THAT(output.out, HasSubstr("web"));
}

TEST(CommandAlone, fails_when_the_named_engine_is_not_there) {
  const auto endpoint = std::string("unix:///tmp/rollcall-no-such.sock");
  for (const auto* command : {"ls", "doctor"}) {
    SCOPED_TRACE(command);
    const auto output = run(rollcall({command, "--runtime", "docker", "--endpoint", endpoint}));
    EXPECT_EQ(output.status, failure);
    EXPECT_THAT(output.out + output.err, HasSubstr(endpoint));
  }
}

TEST(CommandAlone, refuses_what_it_does_not_understand) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"sl"}, {"ls", "--no-such"}, {"ls", "-o", "parchment"}, {"ls", "--runtime", "steam"}}) {
    const auto output = run(rollcall(arguments));
    EXPECT_EQ(output.status, wrong_usage) << output.err;
    EXPECT_THAT(output.out, IsEmpty());
    EXPECT_THAT(output.err, Not(IsEmpty()));
  }
}

TEST(CommandAlone, explains_itself) {
  for (const auto* word : {"--help", "--version"}) {
    const auto output = run(rollcall({word}));
    EXPECT_EQ(output.status, success);
    EXPECT_THAT(output.out, HasSubstr("ollcall"));
    EXPECT_THAT(output.err, IsEmpty());
  }
}

}  // namespace
}  // namespace rollcall::support
