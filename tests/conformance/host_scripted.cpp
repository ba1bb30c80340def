#include "conformance/host_scripted.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "backends/host/driver.hpp"
#include "backends/host/places.hpp"
#include "engine/reflector.hpp"

namespace rollcall::conformance {

using namespace std::chrono_literals;

namespace {

constexpr Duration moment = 250ms;  // a twentieth of the look period

RuntimeError no_sock_diag() {
  return {.kind = ErrorKind::unavailable,
          .fault = ConnectFault::missing,
          .endpoint = "sock_diag",
          .what = "the kernel does not list its sockets",
          .remedy = "modprobe tcp_diag udp_diag"};
}

std::string executable(const std::string& name) {
  return "/usr/bin/" + name;
}

}  // namespace

std::string_view host_lacks(Ability ability) {
  switch (ability) {
    case Ability::automatic:
      return "it is always there, so `auto` would never find anything else behind it";
    case Ability::refused:
    case Ability::mute:
    case Ability::not_this_api:
      return "there is no connection: the kernel answers at once, or says that it does not";
    case Ability::ended_ones:
      return "the kernel knows nothing of processes that have ended";
    case Ability::pausing:
      return "a process that is stopped by a signal goes on to listen";
    case Ability::restarting:
      return "nothing tells that a process will be started again";
    case Ability::lasting_ids:
      return "the id is that of the run: a restart is Stopped(old id), Started(new id)";
    case Ability::outages:
    case Ability::new_ids:
    case Ability::renaming:
    case Ability::stream_first:
    case Ability::readings:
    case Ability::periodic_lists:
      return {};
  }
  return {};
}

std::vector<std::string> host_differences(const std::map<std::string, std::string>& here,
                                          const std::map<std::string, InstancePtr>& told) {
  std::vector<std::string> sentences;
  for (const auto& [id, name] : here) {
    const auto at = told.find(id);
    if (at == told.end()) {
      sentences.push_back(name + " is missing");
    } else if (at->second->name != name) {
      sentences.push_back(fmt::format("{} is told as {}", name, at->second->name));
    }
  }
  for (const auto& [id, it] : told) {
    if (!here.contains(id)) sentences.push_back(it->name + " is a ghost");
  }
  return sentences;
}

HostScripted::HostScripted() {
  env_->tick = 1us;
}

std::unique_ptr<RuntimeBackend> HostScripted::make(MakeOptions options) {
  BackendOptions backend;
  backend.listed_elsewhere = [this](RuntimeBackendKind kind) {
    return listed_elsewhere.contains(kind);
  };
  const Place place{options.endpoint.empty() ? endpoint() : options.endpoint, "test"};
  auto driver =
      host::make_driver(place, backend, env_, host_, [] { return host::HostNetwork{}; }, limits);
  return std::make_unique<Reflector>(
      std::move(driver), io_.get_executor(), env_,
      ReflectorOptions{.include_stopped = options.include_stopped, .log = options.log});
}

std::string HostScripted::endpoint() const {
  return std::string(host::url);
}

void HostScripted::let_pass() {
  env_->advance(moment);
}

void HostScripted::pass(Duration duration) {
  env_->advance(duration);
}

std::string HostScripted::id_of(pid_t pid) const {
  return fmt::format("{}@{}", pid, host_->processes().at(pid).start_ticks);
}

void HostScripted::listen(pid_t pid) {
  sockets_[pid] = host_->listen(pid, ++last_port_);
}

std::string HostScripted::create(const std::string& name) {
  const pid_t pid = host_->start(executable(name));
  return pids_.emplace(id_of(pid), pid).first->first;
}

std::string HostScripted::run(const std::string& name) {
  std::string id = create(name);
  listen(pids_.at(id));
  return id;
}

void HostScripted::restart(const std::string& id) {
  const std::string program = host_->at(pids_.at(id)).executable;
  host_->end(pids_.at(id));
  const pid_t pid = host_->start(program);
  listen(pid);
  pids_[id] = pid;
}

/// The process executes another program, which opens its socket again.
void HostScripted::rename(const std::string& id, const std::string& name) {
  const pid_t pid = pids_.at(id);
  Process& process = host_->at(pid);
  process.executable = executable(name);
  process.arguments = {process.executable};
  process.comm = name;
  const auto socket = sockets_.find(pid);
  if (socket == sockets_.end()) return;
  host_->close(pid, socket->second);
  listen(pid);
}

void HostScripted::remove(const std::string& id) {
  const pid_t pid = pids_.at(id);
  sockets_.erase(pid);
  if (host_->runs(pid)) host_->end(pid);
}

std::string HostScripted::run_crashing(const std::string& name) {
  std::string id = run(name);
  restart(id);
  return id;
}

void HostScripted::kill_engine() {
  host_->refusal = no_sock_diag();
}

void HostScripted::start_engine() {
  host_->refusal.reset();
}

std::string HostScripted::broken_endpoint(ConnectFault /*fault*/) {
  kill_engine();
  return endpoint();
}

std::vector<std::string> HostScripted::differences(
    const std::map<std::string, InstancePtr>& instances) {
  std::map<std::string, std::string> here;
  for (const auto& [pid, socket] : sockets_) {
    if (host_->runs(pid)) here[id_of(pid)] = host_->at(pid).comm;
  }
  return host_differences(here, instances);
}

std::unique_ptr<BackendUnderTest> host_scripted() {
  return std::make_unique<HostScripted>();
}

}  // namespace rollcall::conformance
