// The built program, as a shell runs it, against a real systemd manager of a user.
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/paths.hpp"
#include "support/systemd_manager.hpp"

namespace rollcall::support {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr ExitStatus success{.code = 0, .signal = 0};
constexpr ExitStatus failure{.code = 1, .signal = 0};
constexpr ExitStatus wrong_usage{.code = 2, .signal = 0};
constexpr std::chrono::seconds deadline{30};

class SystemdCommand : public ::testing::Test {
 protected:
  // One manager for all tests: none of them changes it.
  static void SetUpTestSuite() {
    manager_ = std::make_unique<SystemdManager>();
    manager_->write_unit("wiki.service",
                         "[Unit]\nDescription=The wiki\n[Service]\nExecStart=/bin/sleep infinity\n"
                         "[X-Rollcall]\nName=Wiki\nDnsName=wiki.lan\nTxt-lang=en\n");
    manager_->write_unit("silent.service", "[Service]\nExecStart=/bin/sleep infinity\n");
    manager_->write_unit("idle.socket", "[Socket]\nListenStream=127.0.0.1:18190\n");
    manager_->write_unit("idle.service", "[Service]\nExecStart=/bin/sleep infinity\n");
    manager_->systemctl({"daemon-reload"});
    manager_->systemctl({"start", "wiki.service", "silent.service", "idle.socket"});
  }
  static void TearDownTestSuite() { manager_.reset(); }

  /// Runs the program as the user of the manager would.
  static Output rollcall(std::vector<std::string> words) {
    words.insert(words.begin(), ROLLCALL_COMMAND);
    return run(words, deadline,
               {"XDG_RUNTIME_DIR=" + manager_->room().folder() + "/run",
                "DBUS_SESSION_BUS_ADDRESS=", "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent"});
  }

 private:
  static inline std::unique_ptr<SystemdManager> manager_;
};

TEST_F(SystemdCommand, ls_shows_what_opted_in) {
  const Output output = rollcall({"ls", "--runtime", "systemd", "--user"});
  EXPECT_EQ(output.status, success) << output.err;
  EXPECT_THAT(output.out, HasSubstr("wiki"));
  EXPECT_THAT(output.out, Not(HasSubstr("silent")));
}

TEST_F(SystemdCommand, all_units_are_shown_on_demand) {
  const Output output =
      rollcall({"ls", "--runtime", "systemd", "--user", "--all-units", "--format", "{{.ID}}"});
  EXPECT_EQ(output.status, success) << output.err;
  EXPECT_EQ(output.out, "dbus.service\nsilent.service\nwiki.service\n");
}

TEST_F(SystemdCommand, sockets_are_shown_on_demand) {
  const Output output = rollcall({"ls", "--runtime", "systemd", "--user", "--unit-type", "socket",
                                  "--format", "{{.ID}} {{.Ports}}"});
  EXPECT_EQ(output.status, success) << output.err;
  EXPECT_THAT(output.out, HasSubstr("idle.socket 127.0.0.1:18190"));
}

TEST_F(SystemdCommand, a_service_that_waits_for_its_socket_has_its_port_with_all) {
  const Output output = rollcall(
      {"ls", "--runtime", "systemd", "--user", "-a", "--format", "{{.ID}} {{.State}} {{.Ports}}"});
  EXPECT_EQ(output.status, success) << output.err;
  EXPECT_THAT(output.out, HasSubstr("idle.service stopped 127.0.0.1:18190"));
}

TEST_F(SystemdCommand, json_tells_settings_and_definition) {
  const Output output = rollcall({"ls", "--runtime", "systemd", "--user", "-o", "json"});
  EXPECT_EQ(output.status, success) << output.err;
  for (const char* part : {"\"description\": \"The wiki\"", "\"rollcall.dns.name\": \"wiki.lan\"",
                           "\"rollcall.txt.lang\": \"en\"", "/config/systemd/user/wiki.service",
                           "\"group\": \"app.slice\""}) {
    EXPECT_THAT(output.out, HasSubstr(part));
  }
}

TEST_F(SystemdCommand, doctor_tells_the_version) {
  const Output output = rollcall({"doctor", "--runtime", "systemd", "--user"});
  EXPECT_EQ(output.status, success) << output.err;
  EXPECT_THAT(output.out, HasSubstr("connected"));
  EXPECT_THAT(output.out, HasSubstr("XDG_RUNTIME_DIR"));
}

TEST_F(SystemdCommand, a_bus_that_is_missing_is_a_sentence) {
  const Output output = rollcall({"ls", "--runtime", "systemd"});
  EXPECT_EQ(output.status, failure);
  EXPECT_THAT(output.err, HasSubstr("there is no message bus"));
}

TEST_F(SystemdCommand, a_wrong_type_is_wrong_usage) {
  EXPECT_EQ(rollcall({"ls", "--unit-type", "mount"}).status, wrong_usage);
  EXPECT_EQ(rollcall({"ls", "--endpoint", "systemd=tcp:host=h"}).status, failure);
}

}  // namespace
}  // namespace rollcall::support
