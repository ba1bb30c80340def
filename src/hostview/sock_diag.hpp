// Listening sockets from the kernel's socket diagnosis (sock_diag(7), NETLINK_SOCK_DIAG).
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <rollcall/instance.hpp>
#include <rollcall/result.hpp>

namespace rollcall {

/// A TCP socket that listens, or a UDP socket that is bound and not connected.
struct ListeningSocket {
  Protocol protocol = Protocol::tcp;
  /// The address it is bound to, without a zone. For an IPv6 socket that is bound to a mapped IPv4
  /// address, the IPv4 address.
  boost::asio::ip::address address;
  std::uint16_t port = 0;
  bool dual_stack = false;      ///< Bound to `::`, and answers IPv4, too.
  std::uint32_t interface = 0;  ///< The index of the only interface it is bound to; 0: all.
  std::uint32_t uid = 0;        ///< The user of the process that made it.
  std::uint64_t inode = 0;      ///< As in `socket:[N]` of /proc/PID/fd; 0: no process has it open.
  /// The id of the version 2 control group in which the socket was made; the process may have been
  /// moved since. Absent on kernels before 5.8.
  std::optional<std::uint64_t> cgroup{};

  friend bool operator==(const ListeningSocket&, const ListeningSocket&) = default;
};

/// Orders by protocol, address, port and inode, so that two looks can be compared.
bool operator<(const ListeningSocket& a, const ListeningSocket& b) noexcept;

namespace sock_diag {

/// A query for one family and protocol: the kernel answers for one at a time.
struct Query {
  std::uint8_t family = 0;  ///< AF_INET or AF_INET6.
  Protocol protocol = Protocol::tcp;
  std::uint32_t sequence = 0;  ///< Repeated in each message of the answer.
};

/// The bytes of the query.
std::vector<std::byte> request(const Query& query);

enum class Progress : std::uint8_t {
  more,         ///< Another datagram follows.
  done,         ///< The answer is complete.
  interrupted,  ///< Inconsistent, or partly lost: ask again on a new socket.
};

/// Parses one datagram of the answer, and appends its sockets. Skips messages of other sequences
/// and unknown attributes. Pure.
///
/// Errors: the kernel's refusal; protocol, if the bytes are not such an answer.
Result<Progress> parse(std::span<const std::byte> datagram, const Query& query,
                       std::vector<ListeningSocket>& into);

/// Converts a refusal by the kernel, with the remedy.
RuntimeError refusal(int error);

}  // namespace sock_diag

/// All listening sockets of the calling thread's network namespace, sorted.
///
/// Blocks for as long as the kernel takes: about a millisecond for a thousand sockets. Needs no
/// privilege. Errors: unavailable (missing, denied); protocol.
Result<std::vector<ListeningSocket>> listening_sockets();

/// The same for the network namespace behind a descriptor (of /proc/PID/ns/net). Needs
/// CAP_SYS_ADMIN. A new thread enters the namespace, so the caller's thread never does, and nothing
/// keeps the namespace alive afterwards.
Result<std::vector<ListeningSocket>> listening_sockets_of(int network_namespace);

}  // namespace rollcall
