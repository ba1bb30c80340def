#include <cstdlib>
#include <ostream>
#include <tuple>
#include <utility>

#include <rollcall/config.hpp>
#include <rollcall/instance.hpp>
#include <rollcall/result.hpp>

#include "core/text/words.hpp"

namespace rollcall {

Getenv process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

std::string RuntimeError::describe() const {
  std::string sentence;
  if (!endpoint.empty()) sentence += endpoint + ": ";
  sentence += what;
  if (!remedy.empty()) sentence += "; " + remedy;
  return sentence;
}

std::ostream& operator<<(std::ostream& out, const RuntimeError& error) {
  return out << to_string(error.kind) << ": " << error.describe();
}

namespace {

// By value; null is equal to null alone.
template <class T>
bool same_value(const std::shared_ptr<const T>& a, const std::shared_ptr<const T>& b) {
  return a == b || (a && b && *a == *b);
}

}  // namespace

bool same_content(const Instance& a, const Instance& b) {
  const auto fields = [](const Instance& i) {
    return std::tie(i.key, i.name, i.kind, i.state, i.health, i.network_mode, i.network_owner,
                    i.reason, i.image, i.group, i.service, i.node, i.addresses, i.ports, i.labels,
                    i.problems, i.created_at, i.started_at, i.run);
  };
  return fields(a) == fields(b) && same_value(a.metadata, b.metadata) &&
         same_value(a.details, b.details);
}

bool in_running_set(const Instance& instance) noexcept {
  return instance.state != InstanceState::stopped;
}

std::string_view to_string(InstanceKind kind) noexcept {
  switch (kind) {
    case InstanceKind::container:
      return "container";
    case InstanceKind::vm:
      return "vm";
    case InstanceKind::pod:
      return "pod";
    case InstanceKind::service:
      return "service";
    case InstanceKind::process:
      return "process";
  }
  return no_such_word;
}

std::string_view to_string(InstanceState state) noexcept {
  switch (state) {
    case InstanceState::running:
      return "running";
    case InstanceState::paused:
      return "paused";
    case InstanceState::restarting:
      return "restarting";
    case InstanceState::reloading:
      return "reloading";
    case InstanceState::stopped:
      return "stopped";
    case InstanceState::unknown:
      return "unknown";
  }
  return no_such_word;
}

std::string_view to_string(Health health) noexcept {
  switch (health) {
    case Health::none:
      return "none";
    case Health::starting:
      return "starting";
    case Health::healthy:
      return "healthy";
    case Health::unhealthy:
      return "unhealthy";
  }
  return no_such_word;
}

std::string_view to_string(AddressFamily family) noexcept {
  switch (family) {
    case AddressFamily::ipv4:
      return "ipv4";
    case AddressFamily::ipv6:
      return "ipv6";
  }
  return no_such_word;
}

std::string_view to_string(Protocol protocol) noexcept {
  switch (protocol) {
    case Protocol::tcp:
      return "tcp";
    case Protocol::udp:
      return "udp";
    case Protocol::sctp:
      return "sctp";
  }
  return no_such_word;
}

std::string_view to_string(PortScope scope) noexcept {
  switch (scope) {
    case PortScope::internal:
      return "internal";
    case PortScope::published:
      return "published";
    case PortScope::host:
      return "host";
    case PortScope::cluster:
      return "cluster";
  }
  return no_such_word;
}

std::string_view to_string(NetworkMode mode) noexcept {
  switch (mode) {
    case NetworkMode::own:
      return "own";
    case NetworkMode::host:
      return "host";
    case NetworkMode::none:
      return "none";
    case NetworkMode::joined:
      return "joined";
  }
  return no_such_word;
}

std::string_view to_string(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::unavailable:
      return "unavailable";
    case ErrorKind::denied:
      return "denied";
    case ErrorKind::desynced:
      return "desynced";
    case ErrorKind::protocol:
      return "protocol";
    case ErrorKind::invalid_config:
      return "invalid_config";
    case ErrorKind::busy:
      return "busy";
  }
  return no_such_word;
}

std::string_view to_string(ConnectFault fault) noexcept {
  switch (fault) {
    case ConnectFault::none:
      return "none";
    case ConnectFault::missing:
      return "missing";
    case ConnectFault::denied:
      return "denied";
    case ConnectFault::refused:
      return "refused";
    case ConnectFault::unreachable:
      return "unreachable";
    case ConnectFault::mute:
      return "mute";
    case ConnectFault::tls:
      return "tls";
    case ConnectFault::auth:
      return "auth";
    case ConnectFault::not_this_api:
      return "not_this_api";
  }
  return no_such_word;
}

}  // namespace rollcall
