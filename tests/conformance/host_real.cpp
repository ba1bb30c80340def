// This host, in a network namespace of the test, with real processes that listen.
#include <chrono>
#include <csignal>
#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <rollcall/options/host.hpp>
#include <sched.h>
#include <unistd.h>

#include "backends/host/places.hpp"
#include "conformance/host_scripted.hpp"
#include "hostview/host_view.hpp"
#include "support/process.hpp"
#include "support/temp_folder.hpp"

namespace rollcall::conformance {
namespace {

using namespace std::chrono_literals;
using support::Fd;

constexpr std::chrono::milliseconds moment{5};
constexpr std::chrono::milliseconds look_period{50};

// A Python server: listens at PORT unless it is 0, and reports that it is ready. For a script named
// on its input it executes that script, which inherits the socket and opens another one.
constexpr std::string_view server_source = R"(
import os, signal, socket, sys
port, kept = int(sys.argv[1]), int(sys.argv[2])
signal.signal(signal.SIGHUP, signal.SIG_IGN)
if port != 0:
    listener = socket.create_server(("0.0.0.0", port if kept < 0 else 0))
    if kept < 0:
        kept = listener.fileno()
        listener.set_inheritable(True)
print("ready", flush=True)
for line in sys.stdin:
    os.execv(sys.executable, ["python3", line.strip(), str(port), str(kept)])
)";

/// Gives this thread and the processes that it starts a network namespace of their own.
class OwnNetwork {
 public:
  OwnNetwork() : before_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
    if (before_.get() < 0 || ::unshare(CLONE_NEWNET) != 0) {
      throw std::runtime_error("no network namespace can be made; this takes root");
    }
  }
  ~OwnNetwork() { ::setns(before_.get(), CLONE_NEWNET); }
  OwnNetwork(const OwnNetwork&) = delete;
  OwnNetwork& operator=(const OwnNetwork&) = delete;

 private:
  Fd before_;
};

/// A process that listens; its program can be replaced.
class Server {
 public:
  Server(const std::string& script, std::uint16_t port)
      : pipe_(make_pipe()),
        process_({"python3", script, fmt::to_string(port), "-1"},
                 {.in = pipe_.first.get(), .out = out_.fd(), .err = -1}) {
    wait_until_ready();
  }

  void become(const std::string& script) {
    const std::string line = script + "\n";
    if (::write(pipe_.second.get(), line.data(), line.size()) < 0) {
      throw std::runtime_error("the server has ended");
    }
    wait_until_ready();
  }

  void hang_up() const { process_.signal(SIGHUP); }
  [[nodiscard]] pid_t pid() const { return process_.pid(); }

 private:
  static std::pair<Fd, Fd> make_pipe() {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    return {Fd(ends[0]), Fd(ends[1])};
  }

  void wait_until_ready() {
    static constexpr std::string_view ready = "ready\n";
    ++said_;
    const auto has_said = [this] { return out_.text().size() >= said_ * ready.size(); };
    if (!support::eventually(10s, has_said)) throw std::runtime_error("it does not listen");
  }

  std::pair<Fd, Fd> pipe_;
  support::Capture out_;
  support::Process process_;
  std::size_t said_ = 0;
};

class HostReal final : public BackendUnderTest {
 public:
  HostReal() { folder_.write("server.py", server_source); }

  [[nodiscard]] std::unique_ptr<RuntimeBackend> make(MakeOptions options) override {
    BackendOptions backend;
    backend.endpoint = options.endpoint;
    backend.of<HostOptions>().look_period = look_period;
    backend.log = options.log;
    auto made = make_backend(RuntimeBackendKind::host, std::move(backend), io_.get_executor());
    if (!made) throw std::runtime_error(made.error().describe());
    return std::move(*made);
  }

  [[nodiscard]] std::string name() const override { return "host"; }
  [[nodiscard]] std::string endpoint() const override { return std::string(host::url); }
  [[nodiscard]] boost::asio::io_context& io() override { return io_; }
  [[nodiscard]] std::string_view lacks(Ability ability) const override {
    return ability == Ability::outages ? "the kernel is never away" : host_lacks(ability);
  }

  void let_pass() override {
    io_.restart();
    io_.run_one_for(moment);
    io_.poll();
  }

  std::string create(const std::string& name) override { return begin(name, 0); }
  std::string run(const std::string& name) override { return begin(name, ++last_port_); }
  void stop(const std::string& id) override { remove(id); }
  void restart(const std::string& id) override {
    Running& it = servers_.at(id);
    it.server.reset();
    it.server = std::make_unique<Server>(script(it.name), it.port);
  }
  void pause(const std::string& /*id*/) override {}  // A stopped process still listens.
  void unpause(const std::string& /*id*/) override {}
  void rename(const std::string& id, const std::string& name) override {
    Running& it = servers_.at(id);
    it.name = name;
    it.server->become(script(name));
  }
  void remove(const std::string& id) override { servers_.erase(id); }
  void hang_up(const std::string& id) override { servers_.at(id).server->hang_up(); }
  std::string run_crashing(const std::string& name) override { return run(name); }

  void kill_engine() override { throw std::logic_error("the kernel is never away"); }
  void start_engine() override {}
  [[nodiscard]] std::string broken_endpoint(ConnectFault /*fault*/) override { return endpoint(); }

  [[nodiscard]] std::vector<std::string> differences(
      const std::map<std::string, InstancePtr>& instances) override {
    std::map<std::string, std::string> here;
    for (const auto& [id, it] : servers_) {
      if (it.port != 0) here[id_of(*it.server)] = it.name;
    }
    return host_differences(here, instances);
  }

 private:
  struct Running {
    std::string name;
    std::uint16_t port = 0;
    std::unique_ptr<Server> server;
  };

  /// Links the server's script under this name, as the backend tells programs apart by their names.
  std::string script(const std::string& name) {
    const auto path = folder_.path() / name;
    if (!exists(path)) folder_.link(name, "server.py");
    return path.string();
  }

  std::string begin(const std::string& name, std::uint16_t port) {
    auto server = std::make_unique<Server>(script(name), port);
    std::string id = id_of(*server);
    servers_[id] = {.name = name, .port = port, .server = std::move(server)};
    return id;
  }

  std::string id_of(const Server& server) const {
    const auto identity = view_->identity(server.pid());
    return identity ? fmt::format("{}@{}", identity->pid, identity->start_ticks) : "ended";
  }

  OwnNetwork network_;
  support::TempFolder folder_;
  boost::asio::io_context io_;
  HostViewPtr view_ = system_host_view();
  std::map<std::string, Running> servers_;  // By the id of the first run.
  std::uint16_t last_port_ = 20000;
};

}  // namespace

std::unique_ptr<BackendUnderTest> host_real() {
  return std::make_unique<HostReal>();
}

}  // namespace rollcall::conformance
