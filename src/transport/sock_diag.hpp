// Listening sockets, as the kernel's socket diagnosis tells them (sock_diag(7), NETLINK_SOCK_DIAG).
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
  /// Where it is bound; IPv4 also where an IPv6 socket is bound to a mapped IPv4 address. Without
  /// a zone.
  boost::asio::ip::address address;
  std::uint16_t port = 0;
  bool dual_stack = false;      ///< Bound to `::`, and answers IPv4, too.
  std::uint32_t interface = 0;  ///< The index of the only interface it is bound to; 0: of all.
  std::uint32_t uid = 0;        ///< Of the socket: whose process made it.
  std::uint64_t inode = 0;      ///< As in `socket:[N]` of /proc/PID/fd; 0: no process has it open.
  /// The id of the version 2 control group in which the socket was made, which a process that was
  /// moved later has left. Absent on kernels before 5.8.
  std::optional<std::uint64_t> cgroup{};

  friend bool operator==(const ListeningSocket&, const ListeningSocket&) = default;
};

/// By protocol, address, port and inode, so that two looks can be compared.
bool operator<(const ListeningSocket& a, const ListeningSocket& b) noexcept;

namespace sock_diag {

/// The kernel answers for one family and protocol at a time.
struct Query {
  std::uint8_t family = 0;  ///< AF_INET or AF_INET6.
  Protocol protocol = Protocol::tcp;
  std::uint32_t sequence = 0;  ///< Comes back in each message of the answer.
};

/// The bytes that ask for it.
std::vector<std::byte> request(const Query& query);

enum class Progress : std::uint8_t {
  more,         ///< Another datagram follows.
  done,         ///< The answer is complete.
  interrupted,  ///< It is not consistent, or part of it was lost: ask anew, on another socket.
};

/// Reads one datagram of the answer, and appends its sockets. Messages of another sequence are
/// skipped, attributes that are not known too. Pure.
///
/// Errors: the kernel's refusal; protocol, if the bytes are not such an answer.
Result<Progress> parse(std::span<const std::byte> datagram, const Query& query,
                       std::vector<ListeningSocket>& into);

/// What a refusal by the kernel means, and what to do about it.
RuntimeError refusal(int error);

}  // namespace sock_diag

/// All listening sockets of the network namespace that the calling thread is in, sorted.
///
/// Blocks for as long as the kernel takes: about a millisecond for a thousand sockets. Needs no
/// privilege. Errors: unavailable (missing, denied); protocol.
Result<std::vector<ListeningSocket>> listening_sockets();

/// The same of the network namespace behind a descriptor (of /proc/PID/ns/net). Takes
/// CAP_SYS_ADMIN. A thread of its own goes there, so that the caller's never does, and nothing
/// keeps the namespace alive afterwards.
Result<std::vector<ListeningSocket>> listening_sockets_of(int network_namespace);

}  // namespace rollcall
