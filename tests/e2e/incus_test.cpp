// The built program against a real LXD (or, with ROLLCALL_ENGINE_ROOT, Incus) server.
#include <csignal>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/incus_server.hpp"
#include "support/paths.hpp"

namespace rollcall::support {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr ExitStatus success{.code = 0, .signal = 0};

class IncusCommand : public ::testing::Test {
 protected:
  Output rollcall(std::vector<std::string> words) {
    words.insert(words.begin(), ROLLCALL_COMMAND);
    return run(words, 30s, environment());
  }

  [[nodiscard]] std::vector<std::string> environment() const {
    const std::string folder = server_.socket().substr(0, server_.socket().rfind('/'));
    return {(server_.family() == "lxd" ? "LXD_DIR=" : "INCUS_DIR=") + folder};
  }

  /// The number of connections to the socket that the server holds open. Its ends of them are
  /// listed in the network namespace of the clients.
  [[nodiscard]] std::size_t connections() const {
    constexpr std::string_view connected = " 03 ";
    std::ifstream table("/proc/net/unix");
    std::size_t count = 0;
    for (std::string line; std::getline(table, line);) {
      if (line.ends_with(server_.socket()) && line.contains(connected)) ++count;
    }
    return count;
  }

  IncusServer server_;
};

TEST_F(IncusCommand, ls_and_doctor_find_it_and_say_who_it_is) {
  server_.run({.name = "web"});
  const Output listed = rollcall({"ls", "incus"});
  EXPECT_EQ(listed.status, success) << listed.err;
  EXPECT_THAT(listed.out, HasSubstr("web"));
  EXPECT_THAT(listed.out, HasSubstr(server_.family()));
  const Output doctor = rollcall({"doctor", "incus"});
  EXPECT_EQ(doctor.status, success) << doctor.err;
  EXPECT_THAT(doctor.out, HasSubstr(server_.family() == "lxd" ? "LXD 5." : "Incus 6."));
  EXPECT_THAT(doctor.out, HasSubstr(server_.family() == "lxd" ? "LXD_DIR" : "INCUS_DIR"));
}

TEST_F(IncusCommand, a_project_is_chosen_or_said_to_be_absent) {
  server_.create_project("p1");
  server_.run({.name = "inside", .project = "p1"});
  server_.run({.name = "outside"});
  const Output listed = rollcall({"ls", "incus", "--project", "p1"});
  EXPECT_EQ(listed.status, success) << listed.err;
  EXPECT_THAT(listed.out, HasSubstr("inside"));
  EXPECT_THAT(listed.out, Not(HasSubstr("outside")));
  const Output absent = rollcall({"ls", "incus", "--project", "nope"});
  EXPECT_NE(absent.status, success);
  EXPECT_THAT(absent.err, HasSubstr("no project \"nope\""));
}

TEST_F(IncusCommand, a_watch_that_stood_still_until_it_was_dropped_misses_nothing) {
  const Capture out;
  const Process watch({ROLLCALL_COMMAND, "watch", "incus", "-o", "jsonl"},
                      {.in = -1, .out = out.fd(), .err = -1}, environment());
  const auto tells = [&](const std::string& what) {
    return eventually(30s, [&] { return out.text().contains(what); });
  };
  const std::string before = server_.run({.name = "before"});
  ASSERT_TRUE(tells(R"("name":"before")")) << out.text();
  watch.freeze();
  const std::size_t held = connections();
  ASSERT_GT(held, 0U);
  server_.remove(before);
  server_.run({.name = "after"});
  // A listener that does not answer is dropped, and nothing is sent to it again.
  ASSERT_TRUE(eventually(60s, [&] { return connections() < held; }));
  watch.signal(SIGCONT);
  EXPECT_TRUE(tells(R"("type":"backend_disconnected")")) << out.text();
  EXPECT_TRUE(tells(R"("type":"stopped","id":"default/before")")) << out.text();
  EXPECT_TRUE(tells(R"("name":"after")")) << out.text();
  EXPECT_TRUE(tells(R"("type":"backend_reconnected")")) << out.text();
}

}  // namespace
}  // namespace rollcall::support
