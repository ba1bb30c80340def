// The built program on a machine without engines: in a network namespace of its own, in which only
// what the test starts listens.
#include <chrono>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/paths.hpp"
#include "support/process.hpp"

namespace rollcall::support {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr ExitStatus success{.code = 0, .signal = 0};

// Runs a command of this program while a server listens at port 8080, and ends the server.
constexpr std::string_view beside_a_server = R"(
coproc exec python3 -c 'import signal, socket
listener = socket.create_server(("0.0.0.0", 8080))
print("ready", flush=True)
signal.pause()'
server=$COPROC_PID
read -r _ <&"${COPROC[0]}"
)";

Output run_alone(std::string_view script) {
  const std::string text =
      fmt::format("rollcall() {{ {} \"$@\"; }}\n{}\n", ROLLCALL_COMMAND, script);
  return run({"unshare", "--net", "bash", "-c", text}, 30s,
             {"DOCKER_HOST=unix:///nonexistent/docker.sock", "HOME=/nonexistent"});
}

Output run_beside_a_server(std::string_view script) {
  return run_alone(fmt::format("{}{}\nkill \"$server\"", beside_a_server, script));
}

TEST(CommandOnAHost, ls_shows_what_listens_without_any_engine) {
  for (const char* words : {"ls", "ls host", "ls --runtime host"}) {
    const auto output = run_beside_a_server(fmt::format("rollcall {}", words));
    EXPECT_EQ(output.status, success) << words;
    EXPECT_THAT(output.out, StartsWith("NAME")) << words;
    EXPECT_THAT(output.out, HasSubstr("python3")) << words;
    EXPECT_THAT(output.out, HasSubstr("*:8080/tcp")) << words;
    EXPECT_THAT(output.err, IsEmpty()) << words;
  }
}

TEST(CommandOnAHost, ls_writes_the_process_as_json) {
  const auto output = run_beside_a_server("rollcall ls -o json");
  const auto document = boost::json::parse(output.out);
  const auto& instances = document.at("instances").as_array();
  ASSERT_EQ(instances.size(), 1U) << output.out;
  const auto& it = instances[0].as_object();
  EXPECT_EQ(it.at("key").at("backend").as_string(), "host");
  EXPECT_EQ(it.at("kind").as_string(), "process");
  EXPECT_EQ(it.at("user").as_string(), "root");
  EXPECT_GT(it.at("pid").as_int64(), 1);
  EXPECT_EQ(it.at("ports").at(0).at("scope").as_string(), "host");
  EXPECT_TRUE(it.contains("started_at"));
}

TEST(CommandOnAHost, ls_of_one_where_nothing_listens_is_empty_and_no_failure) {
  const auto output = run_alone("rollcall ls -q");
  EXPECT_EQ(output.status, success);
  EXPECT_THAT(output.out, IsEmpty());
  EXPECT_THAT(output.err, IsEmpty());
}

TEST(CommandOnAHost, watch_shows_the_host_when_the_engines_were_tried_and_then_its_changes) {
  const auto output = run_beside_a_server(R"(
exec 3< <(exec timeout 20 )" ROLLCALL_COMMAND R"( watch -o jsonl --look-period 100ms)
watch=$!
for event in started stopped; do
  while read -r line <&3; do
    echo "$line"
    [[ $line == *\"type\":\"$event\"* ]] && break
  done
  [[ $event == stopped ]] || kill "$server"
done
kill "$watch")");
  EXPECT_THAT(output.out, HasSubstr(R"("type":"started","cause":"initial")")) << output.err;
  EXPECT_THAT(output.out, HasSubstr(R"("type":"stopped")")) << output.err;
  EXPECT_LT(output.out.find("backend_disconnected"), output.out.find("initial"));
  EXPECT_LT(output.out.find("initial"), output.out.find(R"("cause":"live")"));
}

TEST(CommandOnAHost, doctor_says_that_the_host_is_there_and_what_engines_are_not) {
  const auto output = run_alone("rollcall doctor");
  EXPECT_EQ(output.status, success);
  EXPECT_THAT(output.out, HasSubstr("file:///proc"));
  EXPECT_THAT(output.out, HasSubstr("/nonexistent/docker.sock"));
  EXPECT_THAT(output.out, Not(HasSubstr("Not seen")));
}

TEST(CommandOnAHost, doctor_says_what_is_not_seen_without_privilege) {
  const auto output = run_beside_a_server(
      "setpriv --reuid=65534 --regid=65534 --clear-groups " ROLLCALL_COMMAND " doctor host");
  EXPECT_THAT(output.out, HasSubstr("Not seen"));
  EXPECT_THAT(output.out, HasSubstr("run as root"));
}

TEST(CommandOnAHost, another_host_is_refused_with_a_sentence) {
  const auto output = run_alone("rollcall ls --endpoint host=tcp://10.0.0.7");
  EXPECT_EQ(output.status, (ExitStatus{.code = 1, .signal = 0}));
  EXPECT_THAT(output.err, HasSubstr("tcp://10.0.0.7"));
}

}  // namespace
}  // namespace rollcall::support
