#include "backends/host/decode.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "backends/host/naming.hpp"
#include "core/deduplicate.hpp"
#include "core/masking.hpp"
#include "hostview/cgroup.hpp"

namespace rollcall::host {
namespace {

namespace ip = boost::asio::ip;

bool is_link_local(const ip::address& address) {
  if (address.is_v6()) return address.to_v6().is_link_local();
  constexpr std::uint32_t network = 0xa9fe0000;  // 169.254.0.0/16
  return (address.to_v4().to_uint() & 0xffff0000U) == network;
}

Address entry(const ip::address& address, std::string network) {
  return {.ip = address.to_string(),
          .network = std::move(network),
          .family = address.is_v4() ? AddressFamily::ipv4 : AddressFamily::ipv6};
}

/// The interface that has the address; empty if none has it.
std::string interface_of(const ip::address& address, const HostNetwork& network) {
  const auto& all = network.addresses;
  const auto at = std::ranges::find(all, address, &InterfaceAddress::address);
  if (at != all.end()) return at->interface;
  if (!address.is_loopback()) return {};
  // The loopback answers on all of 127.0.0.0/8, but only 127.0.0.1 is listed.
  const auto loopback = std::ranges::find_if(
      all, [](const InterfaceAddress& it) { return it.address.is_loopback(); });
  return loopback == all.end() ? std::string() : loopback->interface;
}

/// Adds the host's addresses that a socket on all addresses answers on. The loopback is left out
/// unless it is the only one.
void add_answering(const ListeningSocket& socket, const HostNetwork& network,
                   std::vector<Address>& into) {
  std::vector<const InterfaceAddress*> answering;
  for (const InterfaceAddress& it : network.addresses) {
    const bool family =
        socket.address.is_v4() == it.address.is_v4() || (socket.dual_stack && it.address.is_v4());
    const bool bound = socket.interface == 0 || socket.interface == it.index;
    if (family && bound && !is_link_local(it.address)) answering.push_back(&it);
  }
  const bool only_loopback = std::ranges::all_of(
      answering, [](const InterfaceAddress* it) { return it->address.is_loopback(); });
  for (const InterfaceAddress* it : answering) {
    if (only_loopback || !it->address.is_loopback())
      into.push_back(entry(it->address, it->interface));
  }
}

std::vector<Address> addresses_of(const ListeningGroup& group, const HostNetwork& network) {
  std::vector<Address> all;
  for (const Listener& listener : group.listeners) {
    const ip::address& bound = listener.socket.address;
    if (bound.is_unspecified()) {
      add_answering(listener.socket, network, all);
    } else if (!bound.is_multicast()) {
      all.push_back(entry(bound, interface_of(bound, network)));
    }
  }
  sort_and_deduplicate(all);
  return all;
}

/// The name of a group whose process cannot be seen: the unit that made the socket, else the port.
std::string name_of_unseen(const ListeningGroup& group, const std::string& unit) {
  if (unit.empty()) return fmt::format("port-{}", group.listeners.front().socket.port);
  return unit.substr(0, unit.rfind('.'));
}

std::string user_of(std::uint32_t uid) {
  return uid == 0 ? "root" : fmt::to_string(uid);
}

Problem unseen(Sight sight) {
  return {.where = "process", .what = fmt::format("is not known: {}", reason_unseen(sight))};
}

void describe(const Process& leader, Instance& instance) {
  instance.name = name_of(leader);
  instance.started_at = leader.started_at;
  Details details;
  details.user = leader.user;
  details.command = masked(leader.arguments, program_of(leader));
  details.pid = leader.pid;
  instance.details = std::make_shared<const Details>(std::move(details));
}

void describe_unseen(const ListeningGroup& group, Sight sight, Instance& instance) {
  instance.name = name_of_unseen(group, instance.group);
  Details details;
  details.user = user_of(group.listeners.front().socket.uid);
  instance.details = std::make_shared<const Details>(std::move(details));
  instance.problems.push_back(unseen(sight));
}

}  // namespace

std::string_view reason_unseen(Sight sight) {
  switch (sight) {
    case Sight::some_as_user:
      return "the descriptors of other users' processes may not be read; run as root, or grant "
             "CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH";
    case Sight::some_as_root:
      return "it is the kernel's own, of another PID namespace, or of a process whose descriptors "
             "not even root may read here, because CAP_SYS_PTRACE is missing or a security module "
             "forbids it";
    case Sight::all:
      break;
  }
  return "no visible process holds the socket; it is the kernel's own, or of another PID namespace";
}

bool serves(const ListeningSocket& socket, const HostNetwork& network) {
  return socket.protocol != Protocol::udp || !socket.address.is_unspecified() ||
         socket.port < network.first_ephemeral_port || socket.port > network.last_ephemeral_port;
}

Owner owner_of(const ListeningGroup& group) {
  if (!group.leader) return owner_by_cgroup(std::array{group.listeners.front().cgroup});
  const Process& leader = *group.leader;
  if (auto helper = owner_by_program(program_of(leader), leader.arguments)) {
    return std::move(*helper);
  }
  std::vector<std::string> paths = {std::string(telling_cgroup(leader.cgroups))};
  for (const CgroupMembership& membership : leader.cgroups) paths.push_back(membership.path);
  Owner owner = owner_by_cgroup(paths);
  if (owner.group.empty() && leader.session > 0) {
    owner.group = fmt::format("session {}", leader.session);
  }
  return owner;
}

Instance decode(const ListeningGroup& group, const HostNetwork& network, Sight sight) {
  Instance instance;
  instance.key.id = group.id();
  instance.kind = InstanceKind::process;
  instance.state = InstanceState::running;
  instance.network_mode = NetworkMode::host;
  instance.group = owner_of(group).group;
  instance.addresses = addresses_of(group, network);
  instance.ports = host_ports(group.listeners);
  if (group.leader) {
    describe(*group.leader, instance);
  } else {
    describe_unseen(group, sight, instance);
  }
  Masker().finish(instance);
  return instance;
}

}  // namespace rollcall::host
