// The host backend with real processes, sockets and users.
#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rollcall/backend.hpp>
#include <rollcall/options/host.hpp>
#include <unistd.h>

#include "support/listening.hpp"
#include "support/process.hpp"
#include "support/run.hpp"
#include "support/temp_folder.hpp"
#include "support/watch_fold.hpp"

namespace rollcall::support {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::chrono::milliseconds look_period{1000};

// A Python server: listens at 127.0.0.1:PORT, shares its socket with the given number of workers,
// and reports when it is ready. A worker ends when the other end of its standard input is closed.
constexpr std::string_view server_source = R"(
import os, select, signal, socket, sys
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen()
for _ in range(int(sys.argv[2])):
    if os.fork() == 0:
        select.select([0], [], [])
        os._exit(0)
print("ready", flush=True)
signal.pause()
)";

class HostLife : public ::testing::Test {
 protected:
  HostLife() {
    folder_.write("shop.py", server_source);
    const Fd probe = listen_at("127.0.0.1");
    port_ = port_of(probe);
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    wait_ = Fd(ends[0]);
    hold_ = Fd(ends[1]);
  }

  Process serve(int workers = 0) const {
    const Capture out;
    Process server({"python3", (folder_.path() / "shop.py").string(), fmt::to_string(port_),
                    fmt::to_string(workers), "--password", "hunter2"},
                   {.in = wait_.get(), .out = out.fd(), .err = -1});
    if (!eventually(10s, [&] { return out.text().starts_with("ready"); })) {
      throw std::runtime_error("the server does not listen");
    }
    return server;
  }

  static BackendOptions options() {
    BackendOptions options;
    options.of<HostOptions>().look_period = look_period;
    return options;
  }

  [[nodiscard]] bool is_ours(const Instance& instance) const {
    return std::ranges::any_of(instance.ports, [this](const PortMapping& port) {
      return port.host_port == port_ && port.protocol == Protocol::tcp;
    });
  }

  /// The instances on the test's port.
  [[nodiscard]] std::vector<InstancePtr> ours(const std::vector<InstancePtr>& all) const {
    std::vector<InstancePtr> found;
    std::ranges::copy_if(all, std::back_inserter(found),
                         [this](const InstancePtr& it) { return is_ours(*it); });
    return found;
  }

  /// "started shop.py 1234", in order, for those on the test's port.
  [[nodiscard]] std::vector<std::string> told(const CheckedFold& fold) const {
    std::vector<std::string> lines;
    const auto add = [&](std::string_view what, const Instance& it) {
      if (is_ours(it)) lines.push_back(fmt::format("{} {} {}", what, it.name, it.details->pid));
    };
    for (const RuntimeEvent& event : fold.events()) {
      if (const auto* it = std::get_if<Started>(&event)) add("started", *it->instance);
      if (const auto* it = std::get_if<Updated>(&event)) add("updated", *it->instance);
      if (const auto* it = std::get_if<Stopped>(&event)) add("stopped", *it->last);
    }
    return lines;
  }

  bool wait_told(WatchFold& watched, std::size_t count) const {
    return watched.wait_until([&](const CheckedFold& fold) { return told(fold).size() >= count; });
  }

  static void expect_lawful_end(WatchFold& watched) {
    EXPECT_THAT(watched.fold().breaches(), IsEmpty());
    const auto ended = watched.cancel(1s);
    ASSERT_TRUE(ended.has_value()) << "not within a second";
    EXPECT_TRUE(ended->has_value());
  }

  TempFolder folder_;
  std::uint16_t port_ = 0;
  Fd wait_;
  Fd hold_;  // Keeps the workers alive.
};

TEST_F(HostLife, a_server_is_listed_with_all_that_is_known_of_it) {
  const Process server = serve();
  WatchFold backend(RuntimeBackendKind::host, options());
  const auto listed = backend.list();
  ASSERT_TRUE(listed.has_value()) << listed.error().describe();
  const auto found = ours(*listed);
  ASSERT_THAT(found, SizeIs(1));
  const Instance& it = *found[0];
  EXPECT_EQ(it.name, "shop.py");
  EXPECT_EQ(it.kind, InstanceKind::process);
  EXPECT_EQ(it.state, InstanceState::running);
  EXPECT_EQ(it.details->pid, server.pid());
  EXPECT_EQ(it.details->user, "root");
  EXPECT_THAT(it.details->command, ::testing::Contains("***"));
  EXPECT_THAT(it.details->command, ::testing::Not(::testing::Contains("hunter2")));
  EXPECT_THAT(it.addresses, ElementsAre(Address{.ip = "127.0.0.1", .network = "lo"}));
  ASSERT_THAT(it.ports, SizeIs(1));
  EXPECT_EQ(it.ports[0].host_ip, "127.0.0.1");
  EXPECT_EQ(it.ports[0].scope, PortScope::host);
  ASSERT_TRUE(it.started_at.has_value());
  EXPECT_LT(std::chrono::system_clock::now() - *it.started_at, 1min);
}

TEST_F(HostLife, a_server_that_starts_and_ends_is_told) {
  WatchFold watched(RuntimeBackendKind::host, options());
  watched.watch();
  ASSERT_TRUE(watched.wait_synced());
  EXPECT_THAT(told(watched.fold()), IsEmpty());
  pid_t pid = 0;
  {
    const Process server = serve();
    pid = server.pid();
    ASSERT_TRUE(wait_told(watched, 1));
  }
  ASSERT_TRUE(wait_told(watched, 2));
  EXPECT_THAT(told(watched.fold()), ElementsAre(fmt::format("started shop.py {}", pid),
                                                fmt::format("stopped shop.py {}", pid)));
  expect_lawful_end(watched);
}

TEST_F(HostLife, forked_workers_are_one_instance) {
  const Process server = serve(3);
  WatchFold backend(RuntimeBackendKind::host, options());
  const auto listed = backend.list();
  ASSERT_TRUE(listed.has_value());
  const auto found = ours(*listed);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0]->details->pid, server.pid());
}

TEST_F(HostLife, a_restart_on_the_same_port_between_two_looks_is_stopped_and_started) {
  BackendOptions seldom = options();
  seldom.of<HostOptions>().look_period =
      3s;  // the server is restarted right after a look, well before the next
  WatchFold watched(RuntimeBackendKind::host, std::move(seldom));
  watched.watch();
  ASSERT_TRUE(watched.wait_synced());
  std::optional<Process> server(serve());
  ASSERT_TRUE(wait_told(watched, 1));
  const pid_t first = server->pid();
  server.reset();
  server.emplace(serve());
  const pid_t second = server->pid();
  ASSERT_TRUE(wait_told(watched, 3));
  EXPECT_THAT(told(watched.fold()), ElementsAre(fmt::format("started shop.py {}", first),
                                                fmt::format("stopped shop.py {}", first),
                                                fmt::format("started shop.py {}", second)));
  expect_lawful_end(watched);
}

TEST_F(HostLife, workers_that_outlive_their_master_are_another_run) {
  WatchFold watched(RuntimeBackendKind::host, options());
  watched.watch();
  ASSERT_TRUE(watched.wait_synced());
  std::optional<Process> master(serve(1));
  ASSERT_TRUE(wait_told(watched, 1));
  master.reset();
  ASSERT_TRUE(wait_told(watched, 3));
  const auto lines = told(watched.fold());
  EXPECT_EQ(lines[1], "stopped" + lines[0].substr(lines[0].find(' ')));
  EXPECT_THAT(lines[2], ::testing::StartsWith("started shop.py "));
  EXPECT_NE(lines[2], lines[0]);
  hold_.reset();
  ASSERT_TRUE(wait_told(watched, 4));
  expect_lawful_end(watched);
}

TEST_F(HostLife, another_users_process_is_shown_without_privilege_with_a_note) {
  const Process server = serve();
  // The instance that the user `nobody` lists: "NAME PID USER NOTE".
  const Forked nobody([this] {
    become_nobody();
    boost::asio::io_context io;
    const auto backend = make_backend(RuntimeBackendKind::host, options(), io.get_executor());
    const auto listed = test::run(io, (*backend)->list_instances());
    if (!listed) throw std::runtime_error(listed.error().describe());
    const auto found = ours(*listed);
    if (found.size() != 1) throw std::runtime_error(fmt::format("{} instances", found.size()));
    const Instance& it = *found[0];
    return fmt::format("{} {} {} {}", it.name, it.details->pid, it.details->user,
                       it.problems.empty() ? "" : it.problems[0].what);
  });
  EXPECT_THAT(nobody.said(), ::testing::StartsWith(fmt::format("port-{} 0 root ", port_)));
  EXPECT_THAT(nobody.said(), HasSubstr("run as root"));
}

}  // namespace
}  // namespace rollcall::support
