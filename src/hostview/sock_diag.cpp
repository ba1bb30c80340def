#include "hostview/sock_diag.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/budgets.hpp"
#include "hostview/privilege.hpp"

namespace rollcall {

bool operator<(const ListeningSocket& a, const ListeningSocket& b) noexcept {
  const auto key = [](const ListeningSocket& s) {
    return std::tie(s.protocol, s.address, s.port, s.inode, s.interface);
  };
  return key(a) < key(b);
}

namespace sock_diag {
namespace {

// From the kernel's tcp_states.h, which has no user header.
constexpr std::uint32_t state_close = 7;  // A UDP socket that is bound and not connected.
constexpr std::uint32_t state_listen = 10;

constexpr std::size_t aligned(std::size_t size) {
  return (size + 3U) & ~std::size_t{3};
}

RuntimeError malformed(std::string_view what) {
  return {.kind = ErrorKind::protocol,
          .endpoint = "sock_diag",
          .what = fmt::format("the kernel's list of sockets cannot be read: {}", what)};
}

RuntimeError too_many() {
  return {.kind = ErrorKind::protocol,
          .endpoint = "sock_diag",
          .what = fmt::format("more than {} sockets listen on this host", budget::host_sockets),
          .remedy = "see which process opens so many: `ss -lntup`"};
}

// Reads a value at the front of the bytes; the caller has checked that there are enough.
template <class T>
T front_of(std::span<const std::byte> bytes) {
  T value{};
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

boost::asio::ip::address address_of(const inet_diag_msg& message) {
  if (message.idiag_family == AF_INET) {
    return boost::asio::ip::address_v4(ntohl(message.id.idiag_src[0]));
  }
  boost::asio::ip::address_v6::bytes_type bytes{};
  static_assert(sizeof bytes == sizeof message.id.idiag_src);
  std::memcpy(bytes.data(), &message.id.idiag_src, sizeof bytes);
  const boost::asio::ip::address_v6 v6(bytes);
  if (v6.is_v4_mapped()) return make_address_v4(boost::asio::ip::v4_mapped, v6);
  return v6;
}

struct Attributes {
  bool only_v6 = false;
  std::optional<std::uint64_t> cgroup;
};

Result<Attributes> attributes_of(std::span<const std::byte> bytes) {
  Attributes found;
  while (bytes.size() >= sizeof(nlattr)) {
    const auto header = front_of<nlattr>(bytes);
    if (header.nla_len < sizeof header || header.nla_len > bytes.size()) {
      return fail(malformed("an attribute is longer than its message"));
    }
    const auto value = bytes.subspan(sizeof header, header.nla_len - sizeof header);
    if (header.nla_type == INET_DIAG_SKV6ONLY && !value.empty()) {
      found.only_v6 = value.front() != std::byte{0};
    }
    if (header.nla_type == INET_DIAG_CGROUP_ID && value.size() >= sizeof(std::uint64_t)) {
      found.cgroup = front_of<std::uint64_t>(value);
    }
    bytes = bytes.subspan(std::min(aligned(header.nla_len), bytes.size()));
  }
  return found;
}

Result<void> parse_socket(std::span<const std::byte> payload, Protocol protocol,
                          std::vector<ListeningSocket>& into) {
  if (payload.size() < sizeof(inet_diag_msg)) return fail(malformed("a socket is cut off"));
  const auto message = front_of<inet_diag_msg>(payload);
  if (message.idiag_family != AF_INET && message.idiag_family != AF_INET6) {
    return fail(malformed(fmt::format("a socket is of family {}", message.idiag_family)));
  }
  const auto attributes = attributes_of(payload.subspan(sizeof message));
  if (!attributes) return fail(attributes.error());
  ListeningSocket socket{.protocol = protocol,
                         .address = address_of(message),
                         .port = ntohs(message.id.idiag_sport),
                         .interface = message.id.idiag_if,
                         .uid = message.idiag_uid,
                         .inode = message.idiag_inode,
                         .cgroup = attributes->cgroup};
  socket.dual_stack =
      socket.address.is_v6() && socket.address.is_unspecified() && !attributes->only_v6;
  if (socket.port == 0) return {};
  if (into.size() >= budget::host_sockets) return fail(too_many());
  into.push_back(std::move(socket));
  return {};
}

Result<void> check_status(std::span<const std::byte> payload) {
  if (payload.size() < sizeof(int)) return fail(malformed("a status is cut off"));
  const int status = front_of<int>(payload);
  if (status < 0) return fail(refusal(-status));
  return {};
}

}  // namespace

std::vector<std::byte> request(const Query& query) {
  struct {
    nlmsghdr header;
    inet_diag_req_v2 body;
  } message{};
  message.header.nlmsg_len = sizeof message;
  message.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  message.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  message.header.nlmsg_seq = query.sequence;
  const bool tcp = query.protocol == Protocol::tcp;
  message.body.sdiag_family = query.family;
  message.body.sdiag_protocol = tcp ? IPPROTO_TCP : IPPROTO_UDP;
  message.body.idiag_states = 1U << (tcp ? state_listen : state_close);
  const auto bytes = std::as_bytes(std::span(&message, 1));
  return {bytes.begin(), bytes.end()};
}

Result<Progress> parse(std::span<const std::byte> datagram, const Query& query,
                       std::vector<ListeningSocket>& into) {
  bool interrupted = false;
  while (!datagram.empty()) {
    if (datagram.size() < sizeof(nlmsghdr)) return fail(malformed("a message is cut off"));
    const auto header = front_of<nlmsghdr>(datagram);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size()) {
      return fail(malformed("a message is longer than its datagram"));
    }
    const auto payload = datagram.subspan(sizeof header, header.nlmsg_len - sizeof header);
    datagram = datagram.subspan(std::min(aligned(header.nlmsg_len), datagram.size()));
    if (header.nlmsg_seq != query.sequence) continue;
    interrupted |= (header.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
    if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) {
      if (auto good = check_status(payload); !good) return fail(std::move(good.error()));
      return interrupted ? Progress::interrupted : Progress::done;
    }
    if (header.nlmsg_type == NLMSG_OVERRUN) return Progress::interrupted;
    if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY) continue;
    auto parsed = parse_socket(payload, query.protocol, into);
    if (!parsed) return fail(std::move(parsed.error()));
  }
  return interrupted ? Progress::interrupted : Progress::more;
}

RuntimeError refusal(int error) {
  const bool denied = error == EPERM || error == EACCES;
  RuntimeError result{.kind = denied ? ErrorKind::denied : ErrorKind::unavailable,
                      .fault = denied ? ConnectFault::denied : ConnectFault::missing,
                      .endpoint = "sock_diag"};
  result.what = fmt::format("the kernel does not list its sockets (NETLINK_SOCK_DIAG): {}",
                            std::generic_category().message(error));
  if (denied) {
    result.remedy = "allow netlink sockets in the sandbox that this runs in";
  } else if (error == ENOENT || error == EAFNOSUPPORT || error == EPROTONOSUPPORT) {
    result.remedy = "load the kernel's modules: modprobe tcp_diag udp_diag";
  } else {
    result.fault = ConnectFault::none;
  }
  return result;
}

}  // namespace sock_diag

namespace {

using sock_diag::Progress;
using sock_diag::Query;

constexpr std::size_t datagram_limit = std::size_t{64} << 10U;  // the kernel sends at most 32 KiB
constexpr int attempts_at_most = 8;
constexpr timeval answer_deadline{.tv_sec = 5, .tv_usec = 0};

constexpr std::array queries = {
    Query{.family = AF_INET, .protocol = Protocol::tcp, .sequence = 1},
    Query{.family = AF_INET6, .protocol = Protocol::tcp, .sequence = 2},
    Query{.family = AF_INET, .protocol = Protocol::udp, .sequence = 3},
    Query{.family = AF_INET6, .protocol = Protocol::udp, .sequence = 4},
};

class NetlinkSocket {
 public:
  NetlinkSocket() : fd_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)) {
    if (fd_ >= 0) {
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &answer_deadline, sizeof answer_deadline);
    }
  }
  ~NetlinkSocket() {
    if (fd_ >= 0) ::close(fd_);
  }
  NetlinkSocket(const NetlinkSocket&) = delete;
  NetlinkSocket& operator=(const NetlinkSocket&) = delete;

  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

  /// Sends one query and reads its whole answer.
  Result<Progress> ask(const Query& query, std::vector<ListeningSocket>& into) {
    const auto bytes = sock_diag::request(query);
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    if (::sendto(fd_, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&kernel),
                 sizeof kernel) < 0) {
      return fail(sock_diag::refusal(errno));
    }
    for (;;) {
      auto progress = receive(query, into);
      if (!progress || *progress != Progress::more) return progress;
    }
  }

 private:
  Result<Progress> receive(const Query& query, std::vector<ListeningSocket>& into) {
    for (;;) {
      sockaddr_nl sender{};
      socklen_t sender_size = sizeof sender;
      const ssize_t size = ::recvfrom(fd_, buffer_.data(), buffer_.size(), MSG_TRUNC,
                                      reinterpret_cast<sockaddr*>(&sender), &sender_size);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0 && errno != ENOBUFS) return fail(sock_diag::refusal(errno));
      const bool lost = size < 0 || static_cast<std::size_t>(size) > buffer_.size();
      if (lost) return Progress::interrupted;
      if (sender.nl_pid != 0) continue;  // From another process: ignore it.
      return sock_diag::parse(std::span(buffer_).first(static_cast<std::size_t>(size)), query,
                              into);
    }
  }

  int fd_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(datagram_limit);
};

Result<Progress> ask_all(std::vector<ListeningSocket>& into) {
  NetlinkSocket socket;
  if (!socket.is_open()) return fail(sock_diag::refusal(errno));
  for (const Query& query : queries) {
    auto progress = socket.ask(query, into);
    if (!progress || *progress == Progress::interrupted) return progress;
  }
  return Progress::done;
}

RuntimeError cannot_enter(int error) {
  const bool denied = error == EPERM;
  return {.kind = denied ? ErrorKind::denied : ErrorKind::unavailable,
          .fault = denied ? ConnectFault::denied : ConnectFault::none,
          .endpoint = "sock_diag",
          .what = fmt::format("the network namespace cannot be entered: {}",
                              std::generic_category().message(error)),
          .remedy = denied ? privilege_remedy("CAP_SYS_ADMIN") : ""};
}

}  // namespace

Result<std::vector<ListeningSocket>> listening_sockets() {
  std::vector<ListeningSocket> sockets;
  for (int attempt = 0; attempt < attempts_at_most; ++attempt) {
    sockets.clear();
    auto progress = ask_all(sockets);
    if (!progress) return fail(std::move(progress.error()));
    if (*progress != Progress::done) continue;
    std::ranges::sort(sockets, std::less<>());
    return sockets;
  }
  return fail({.kind = ErrorKind::unavailable,
               .endpoint = "sock_diag",
               .what = fmt::format("the kernel's sockets changed during each of {} readings",
                                   attempts_at_most)});
}

Result<std::vector<ListeningSocket>> listening_sockets_of(int network_namespace) {
  Result<std::vector<ListeningSocket>> result;
  const auto visit = [&] {
    result = ::setns(network_namespace, CLONE_NEWNET) == 0 ? listening_sockets()
                                                           : fail(cannot_enter(errno));
  };
  try {
    std::thread(visit).join();
  } catch (const std::system_error& error) {
    result = fail(cannot_enter(error.code().value()));
  }
  return result;
}

}  // namespace rollcall
