// The daemon as a service: its notifications to the manager, passed sockets, and its unit under a
// real systemd.
#include <array>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "e2e/daemon_process.hpp"
#include "support/paths.hpp"
#include "support/sandbox.hpp"
#include "support/systemd_manager.hpp"

namespace rollcall::support {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Lt;

constexpr ExitStatus success{.code = 0, .signal = 0};

/// The receiving socket of a service manager's notifications, or of the journal.
class DatagramSocket {
 public:
  explicit DatagramSocket(std::string path)
      : path_(std::move(path)),
        socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot bind " + path_);
    }
  }

  [[nodiscard]] const std::string& path() const { return path_; }

  /// All messages so far, one per line.
  const std::string& told() {
    std::array<char, 4096> message{};
    ssize_t size = 0;
    while ((size = ::recv(socket_.get(), message.data(), message.size(), 0)) > 0) {
      told_.append(message.data(), static_cast<std::size_t>(size));
      told_ += '\n';
      ++messages_;
    }
    return told_;
  }
  [[nodiscard]] std::size_t messages() {
    told();
    return messages_;
  }

 private:
  std::string path_;
  Fd socket_;
  std::string told_;
  std::size_t messages_ = 0;
};

TEST(ServeService, logs_to_the_journal_with_the_priority_of_each_line) {
  const Sandbox room;
  DatagramSocket journal(room.folder() + "/journal");
  room.run({"mkdir", "-p", "/run/systemd/journal"});
  room.run({"ln", "-s", journal.path(), "/run/systemd/journal/socket"});
  const Process daemon =
      room.spawn({ROLLCALL_COMMAND, "serve", "--config", "/dev/null", "--log-format", "journald",
                  "--listen", "127.0.0.1:0", "--socket", "none", "--runtime", "docker"});
  const auto tells = [&journal](const std::string& text) {
    return eventually(30s, [&] { return journal.told().contains(text); });
  };
  EXPECT_TRUE(tells("listening on http://127.0.0.1:")) << journal.told();
  EXPECT_TRUE(tells("docker is away")) << journal.told();
  EXPECT_THAT(journal.told(), AllOf(HasSubstr("PRIORITY=6\n"), HasSubstr("PRIORITY=4\n"),
                                    HasSubstr("SYSLOG_IDENTIFIER=rollcall\n")));
}

TEST(ServeService, tells_its_manager_what_it_does) {
  const TempFolder folder;
  DatagramSocket manager(folder.path() / "notify");
  auto environment = nowhere();
  environment.push_back("NOTIFY_SOCKET=" + manager.path());
  environment.emplace_back("WATCHDOG_USEC=400000");
  DaemonProcess daemon({"host"}, environment);
  daemon.start();
  const auto tells = [&manager](std::string_view text) {
    return eventually(20s, [&] { return manager.told().contains(text); });
  };
  EXPECT_TRUE(tells("READY=1\nSTATUS="));
  EXPECT_TRUE(tells("1 of 1 engines ready")) << manager.told();
  const std::size_t before = manager.messages();
  EXPECT_TRUE(eventually(20s, [&] { return manager.messages() >= before + 3; }));
  EXPECT_TRUE(tells("WATCHDOG=1"));
  daemon.process().freeze();
  const std::size_t frozen = manager.messages();
  // Twice the time after which the watchdog would have killed it.
  EXPECT_FALSE(eventually(800ms, [&] { return manager.messages() > frozen; }));
  daemon.signal(SIGCONT);
  daemon.signal(SIGHUP);
  EXPECT_TRUE(tells("RELOADING=1\nMONOTONIC_USEC="));
  EXPECT_TRUE(daemon.terminate());
  EXPECT_TRUE(tells("STOPPING=1"));
}

TEST(ServeService, listens_on_the_sockets_that_it_is_passed) {
  const TempFolder folder;
  const std::string socket = folder.path() / "passed.sock";
  const Capture log;
  Process launcher({"systemd-socket-activate", "--listen=" + socket, ROLLCALL_COMMAND, "serve",
                    "host", "--log-format", "logfmt", "--config", "/dev/null"},
                   {.in = -1, .out = log.fd(), .err = log.fd()}, nowhere());
  ASSERT_TRUE(eventually(20s, [&] { return std::filesystem::exists(socket); }));
  const Output answer =
      run({"curl", "-sS", "--unix-socket", socket, "http://localhost/v1/instances"});
  EXPECT_THAT(answer.out, HasSubstr("\"cursor\"")) << answer.err << log.text();
  EXPECT_THAT(log.text(), HasSubstr("listening on unix://" + socket));
  EXPECT_EQ(log.text().find("listening on http"), std::string::npos) << "what was passed is all";
  launcher.signal(SIGTERM);
  EXPECT_EQ(launcher.wait(3s), success);
  EXPECT_TRUE(std::filesystem::exists(socket)) << "it is the manager's";
}

// ---- the unit

/// The program's path for the unit: the built one may be hidden by ProtectHome= or PrivateTmp=.
constexpr const char* program = "/run/rollcall-program/rollcall";

std::string packaged(const std::string& name) {
  const std::string path = ROLLCALL_SOURCE_DIR "/packaging/systemd/" + name;
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto replace = [&text](const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = text.find(from)) != std::string::npos;) {
      text.replace(at, from.size(), to);
    }
  };
  replace("@bin_dir@/rollcall", program);
  replace("@doc_dir@", "/usr/share/doc/rollcall");
  replace("@data_dir@", "/usr/share");
  return text;
}

/// The exposure that systemd-analyze computes, times ten.
int exposure_of(const TempFolder& folder) {
  const Output output = run({"systemd-analyze", "security", "--offline=true", "--no-pager",
                             folder.path() / "rollcall.service"});
  const std::string_view before = "exposure level for rollcall.service: ";
  const std::size_t at = output.out.find(before);
  EXPECT_NE(at, std::string::npos) << output.out << output.err;
  return at == std::string::npos
             ? 100
             : static_cast<int>(std::lround(std::stod(output.out.substr(at + before.size())) * 10));
}

TEST(ServeUnit, is_hardened_also_with_the_drop_in_for_sockets) {
  const TempFolder folder;
  folder.write("rollcall.service", packaged("rollcall.service.in"));
  EXPECT_THAT(exposure_of(folder), Lt(25));
  folder.write("rollcall.service.d/host-sockets.conf", packaged("host-sockets.conf"));
  EXPECT_THAT(exposure_of(folder), Lt(25));
}

/// A systemd that has the units, and beside them a service of root that listens.
class ServeUnitLive : public ::testing::Test {
 protected:
  ServeUnitLive() {
    const std::filesystem::path copy = manager_.room().folder() + program;
    std::filesystem::create_directories(copy.parent_path());
    std::filesystem::copy_file(ROLLCALL_COMMAND, copy);
    manager_.write_unit("rollcall.service", packaged("rollcall.service.in"));
    manager_.write_unit("rollcall.socket", packaged("rollcall.socket"));
    // The package's user, its folder in /etc, and ptrace for LeakSanitizer are not available here.
    manager_.write_unit("rollcall.service.d/test.conf",
                        "[Service]\nUser=nobody\nGroup=nogroup\nConfigurationDirectory=\n"
                        "WatchdogSec=2s\nEnvironment=ASAN_OPTIONS=detect_leaks=0\n"
                        "ExecStart=\nExecStart=" +
                            std::string(program) + " serve host\n");
    manager_.write_unit("rollcall.socket.d/test.conf",
                        "[Socket]\nSocketUser=nobody\nSocketGroup=nogroup\n");
    manager_.write_unit("web.service",
                        "[Service]\nExecStart=/bin/busybox httpd -f -p 127.0.0.1:18200 -h /tmp\n");
    manager_.systemctl({"daemon-reload"});
    manager_.systemctl({"start", "web.service"});
  }

  [[nodiscard]] std::string socket() const {
    return manager_.room().folder() + "/run/rollcall/rollcall.sock";
  }
  [[nodiscard]] std::string property(const std::string& name) const {
    return manager_.systemctl({"show", "--value", "-p", name, "rollcall.service"});
  }
  [[nodiscard]] bool shows(const std::string& name, const std::string& text) const {
    return eventually(30s, [&] { return property(name).contains(text); });
  }
  [[nodiscard]] boost::json::value get(const std::string& target) const {
    return boost::json::parse(
        run_or_throw({"curl", "-sSf", "--unix-socket", socket(), "http://localhost" + target}));
  }
  /// The instance with the port of web.service, as the daemon lists it.
  [[nodiscard]] boost::json::object web() const {
    boost::json::object found;
    const bool seen = eventually(30s, [&] {
      const auto list = get("/v1/instances?runtime=host");
      for (const auto& instance : list.at("instances").as_array()) {
        const auto* ports = instance.as_object().if_contains("ports");
        if (ports == nullptr || ports->at(0).at("host_port") != 18200) continue;
        found = instance.as_object();
        return true;
      }
      return false;
    });
    EXPECT_TRUE(seen);
    return found;
  }

  SystemdManager manager_{SystemdManager::Kind::system};
};

TEST_F(ServeUnitLive, starts_reloads_is_watched_and_stops) {
  manager_.systemctl({"start", "rollcall.service"});  // returns when it is ready
  EXPECT_THAT(property("ActiveState"), HasSubstr("active"));
  EXPECT_TRUE(shows("StatusText", "engines ready")) << property("StatusText");
  EXPECT_TRUE(get("/v1/instances").as_object().contains("cursor"));
  manager_.systemctl({"reload", "rollcall.service"});
  EXPECT_TRUE(shows("ActiveState", "active"));
  manager_.systemctl({"kill", "-s", "STOP", "rollcall.service"});
  EXPECT_TRUE(shows("NRestarts", "1")) << "its watchdog has not bitten";
  EXPECT_TRUE(shows("StatusText", "engines ready"));
  manager_.systemctl({"stop", "rollcall.service"});
  EXPECT_THAT(property("Result"), HasSubstr("success"));
}

TEST_F(ServeUnitLive, is_started_by_who_asks) {
  manager_.systemctl({"start", "rollcall.socket"});
  EXPECT_THAT(property("ActiveState"), HasSubstr("inactive"));
  EXPECT_TRUE(get("/v1/instances").as_object().contains("cursor"));
  EXPECT_TRUE(shows("ActiveState", "active"));
}

TEST_F(ServeUnitLive, sees_who_holds_the_sockets_of_others_with_the_drop_in_alone) {
  manager_.systemctl({"start", "rollcall.service"});
  const auto without = web();
  EXPECT_FALSE(without.contains("pid"));
  EXPECT_TRUE(without.contains("problems"));
  const Output limited = rollcall({"doctor", "--server", socket()});
  EXPECT_THAT(limited.out, AllOf(HasSubstr("Not seen:"), HasSubstr("host-sockets.conf")));

  manager_.write_unit("rollcall.service.d/host-sockets.conf", packaged("host-sockets.conf"));
  manager_.systemctl({"daemon-reload"});
  manager_.systemctl({"restart", "rollcall.service"});
  const auto with = web();
  EXPECT_TRUE(with.contains("pid")) << boost::json::serialize(with);
  EXPECT_FALSE(with.contains("problems"));
  const Output full = rollcall({"doctor", "--server", socket()});
  EXPECT_THAT(full.out, ::testing::Not(HasSubstr("Not seen:")));
}

}  // namespace
}  // namespace rollcall::support
