// The model: what runs, and where it can be reached. One schema for every runtime.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <rollcall/labels.hpp>
#include <rollcall/metadata.hpp>

namespace rollcall {

/// A moment of the wall clock, in UTC.
using Timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;

/// Tells one instance from every other: the runtime, the engine of that runtime, and the engine's
/// own id.
struct InstanceKey {
  std::string backend;   ///< "docker", "podman", …: the concrete name, never "auto".
  std::string endpoint;  ///< The configured alias of the engine, else its canonical URL.
  std::string id;        ///< The engine's own id, in full.

  friend auto operator<=>(const InstanceKey&, const InstanceKey&) = default;
};

enum class InstanceKind : std::uint8_t { container, vm, pod, service, process };
enum class InstanceState : std::uint8_t {
  running,
  paused,
  restarting,
  reloading,
  stopped,
  unknown
};
enum class Health : std::uint8_t { none, starting, healthy, unhealthy };
enum class AddressFamily : std::uint8_t { ipv4, ipv6 };
enum class Protocol : std::uint8_t { tcp, udp, sctp };

/// From where a port can be reached.
enum class PortScope : std::uint8_t {
  internal,   ///< On the instance's own addresses only.
  published,  ///< Forwarded from host_ip:host_port.
  host,       ///< The instance listens on the host itself.
  cluster,    ///< Forwarded from host_ip:host_port, within the instance's cluster alone.
};

/// Whose network stack an instance uses.
enum class NetworkMode : std::uint8_t {
  own,     ///< Its own.
  host,    ///< The host's: it has no address of its own.
  none,    ///< It has none.
  joined,  ///< Another instance's, which `network_owner` names.
};

/// An address of the instance in one of its networks.
struct Address {
  std::string ip;       ///< As inet_ntop writes it, without a zone or prefix.
  std::string network;  ///< The engine's name of the network; empty if it has none.
  AddressFamily family = AddressFamily::ipv4;

  friend auto operator<=>(const Address&, const Address&) = default;
};

/// A port that the instance serves.
struct PortMapping {
  /// The address it is published on, "0.0.0.0" and "::" for all; for a load balancer this may be a
  /// name. Empty if it is not published.
  std::string host_ip;
  std::uint16_t host_port = 0;       ///< 0 if it is not reachable through the host.
  std::uint16_t container_port = 0;  ///< The instance's own port.
  Protocol protocol = Protocol::tcp;
  std::string name;  ///< A name that the runtime gives the port; mostly empty.
  PortScope scope = PortScope::internal;

  friend auto operator<=>(const PortMapping&, const PortMapping&) = default;
};

/// Something about an instance that could not be read or understood: never fatal, never silent.
struct Problem {
  std::string where;  ///< The label or field.
  std::string what;   ///< What is wrong with it and what would be right.
  /// The byte of the label's value where it goes wrong, from 1; 0: none.
  std::uint32_t position = 0;

  friend auto operator<=>(const Problem&, const Problem&) = default;
};

/// What a host or a service manager knows about the process of an instance. Container engines
/// report none of it.
struct Details {
  std::string description;           ///< What its definition calls it, for people.
  std::string definition;            ///< The file that defines it, absolute.
  std::string user;                  ///< The user it runs as; the number if the user has no name.
  std::vector<std::string> command;  ///< Its arguments, those that look secret masked.
  std::int64_t pid = 0;              ///< Its main process; 0 if it has none or it cannot be seen.
  std::uint32_t restarts = 0;        ///< How often its manager started it again; a counter.

  /// Compares all but the counter.
  friend bool operator==(const Details& a, const Details& b) {
    return std::tie(a.description, a.definition, a.user, a.command, a.pid) ==
           std::tie(b.description, b.definition, b.user, b.command, b.pid);
  }
};

/// One thing that runs. Addresses, ports and problems are sorted; engines list them in random
/// order.
///
/// Instances are made once and shared, never changed: events, inventory and logs hold the same
/// object.
struct Instance {
  InstanceKey key;
  std::string name;
  InstanceKind kind = InstanceKind::container;
  InstanceState state = InstanceState::unknown;
  Health health = Health::none;
  NetworkMode network_mode = NetworkMode::own;
  std::string network_owner;  ///< For NetworkMode::joined: the id of the instance that owns it.
  std::string reason;         ///< Why it is in this state, where the engine says it.
  std::string image;
  std::string group;    ///< Compose project, namespace, Incus project, slice.
  std::string service;  ///< The service of its group that it is a replica of.
  std::string node;     ///< The machine of a cluster; empty for a single host.
  std::vector<Address> addresses;
  std::vector<PortMapping> ports;
  Labels labels;
  std::shared_ptr<const Metadata> metadata;  ///< Null if no label says anything.
  std::shared_ptr<const Details> details;    ///< Null where none of it is known.
  std::vector<Problem> problems;
  std::optional<Timestamp> created_at;
  std::optional<Timestamp> started_at;  ///< Only where the engine says it.
  /// Marks the present run where the engine names it (systemd's InvocationID). Two different marks
  /// of one key mean that a run ended between; empty means not known. Not shown.
  std::string run;
  Timestamp discovered_at{};  ///< When it was first read; no part of equality.
};

using InstancePtr = std::shared_ptr<const Instance>;

/// Whether all fields that matter to a consumer are equal. `discovered_at` does not.
bool same_content(const Instance& a, const Instance& b);

/// True for running, paused, restarting, reloading and unknown: an instance whose state cannot be
/// understood is listed, not hidden.
bool in_running_set(const Instance& instance) noexcept;

std::string_view to_string(InstanceKind kind) noexcept;
std::string_view to_string(InstanceState state) noexcept;
std::string_view to_string(Health health) noexcept;
std::string_view to_string(AddressFamily family) noexcept;
std::string_view to_string(Protocol protocol) noexcept;
std::string_view to_string(PortScope scope) noexcept;
std::string_view to_string(NetworkMode mode) noexcept;

}  // namespace rollcall
