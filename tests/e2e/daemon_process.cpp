#include "e2e/daemon_process.hpp"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <stdexcept>
#include <utility>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "core/json/json_read.hpp"
#include "support/paths.hpp"

namespace rollcall::support {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 30s;

}  // namespace

DaemonProcess::DaemonProcess(std::vector<std::string> arguments,
                             std::vector<std::string> environment)
    : arguments_(std::move(arguments)), environment_(std::move(environment)) {
  configure("");
}

void DaemonProcess::start_without_waiting() {
  std::vector<std::string> command = {ROLLCALL_COMMAND, "serve",
                                      "--config",       folder_.path() / "rollcall.yaml",
                                      "--log-format",   "logfmt"};
  command.insert(command.end(), arguments_.begin(), arguments_.end());
  std::vector<std::string> environment = environment_;
  // Flags override these variables, and the file counts only where neither sets an option.
  environment.push_back("ROLLCALL_SOCKET=" + socket());
  environment.emplace_back("ROLLCALL_LISTEN=127.0.0.1:0");
  process_.emplace(command, Streams{.in = -1, .out = log_.fd(), .err = log_.fd()}, environment);
}

void DaemonProcess::start() {
  start_without_waiting();
  const bool listens = eventually(
      patience, [this] { return process_->wait(0ms).has_value() || get("/livez").status == 200; });
  if (!listens || process_->wait(0ms)) throw std::runtime_error("it does not listen: " + log());
}

void DaemonProcess::kill9() {
  process_->signal(SIGKILL);
  process_->wait(patience);
}

std::optional<ExitStatus> DaemonProcess::ends(std::chrono::milliseconds deadline) {
  return process_->wait(deadline);
}

std::optional<std::chrono::milliseconds> DaemonProcess::terminate() {
  const auto begun = std::chrono::steady_clock::now();
  process_->signal(SIGTERM);
  if (!process_->wait(patience)) return {};
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               begun);
}

CurlReply DaemonProcess::get(const std::string& target,
                             const std::vector<std::string>& options) const {
  std::vector<std::string> command = {"curl", "-sS", "--max-time", "20", "-w", "\n%{http_code}"};
  command.insert(command.end(), options.begin(), options.end());
  if (target.starts_with('/')) {
    command.insert(command.end(), {"--unix-socket", socket(), "http://localhost" + target});
  } else {
    command.push_back(target);
  }
  const Output output = run(command);
  const std::size_t line = output.out.rfind('\n');
  CurlReply reply;
  if (line == std::string::npos) return reply;
  const std::string_view digits = std::string_view(output.out).substr(line + 1);
  std::from_chars(digits.data(), digits.data() + digits.size(), reply.status);
  reply.body = output.out.substr(0, line);
  return reply;
}

boost::json::value DaemonProcess::json(const std::string& target) const {
  const CurlReply reply = get(target);
  if (reply.status != 200) {
    throw std::runtime_error(fmt::format("{}: {} {}", target, reply.status, reply.body));
  }
  return boost::json::parse(reply.body);
}

std::map<std::string, InstancePtr> DaemonProcess::instances(const std::string& runtime) const {
  std::map<std::string, InstancePtr> all;
  const auto list = json("/v1/instances?runtime=" + runtime);
  for (const auto& value : list.at("instances").as_array()) {
    auto instance = read_instance(value);
    if (!instance) throw std::runtime_error(instance.error().describe());
    all[(*instance)->key.id] = *instance;
  }
  return all;
}

bool DaemonProcess::lists(const std::string& name) const {
  return eventually(patience, [&] {
    const auto list = json("/v1/instances?name=" + name);
    return !list.at("instances").as_array().empty();
  });
}

bool DaemonProcess::logs(const std::string& text) const {
  return eventually(patience, [&] { return log().contains(text); });
}

std::string DaemonProcess::port() const {
  constexpr std::string_view before = "127.0.0.1:";
  if (!logs("listening on http")) throw std::runtime_error("it listens nowhere: " + log());
  const std::string text = log();
  const std::size_t at = text.rfind(before) + before.size();
  return text.substr(at, text.find_first_not_of("0123456789", at) - at);
}

Output rollcall(std::vector<std::string> words, const std::vector<std::string>& environment) {
  words.insert(words.begin(), ROLLCALL_COMMAND);
  return run(words, 30s, environment);
}

std::vector<std::string> nowhere() {
  return {"HOME=/nonexistent",
          "XDG_RUNTIME_DIR=/nonexistent",
          "DOCKER_HOST=unix:///nonexistent/docker.sock",
          "CONTAINER_HOST=unix:///nonexistent/podman.sock",
          "INCUS_SOCKET=/nonexistent/incus.sock",
          "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent/bus"};
}

}  // namespace rollcall::support
