#include "server/access/local_peer.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/budgets.hpp"
#include "core/text/numbers.hpp"
#include "hostview/small_files.hpp"

namespace rollcall::server {
namespace {

constexpr std::size_t largest_file = budget::file_bytes;

// From the kernel's tcp_states.h, which is not among the headers for user space.
constexpr std::uint8_t state_time_wait = 6;
constexpr std::uint8_t state_listen = 10;

/// The two ends of a connection as the peer sees it.
std::optional<inet_diag_req_v2> request_for(int socket) {
  sockaddr_in6 ours{};
  sockaddr_in6 theirs{};
  socklen_t size = sizeof ours;
  socklen_t peer_size = sizeof theirs;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&ours), &size) != 0 ||
      ::getpeername(socket, reinterpret_cast<sockaddr*>(&theirs), &peer_size) != 0) {
    return std::nullopt;
  }
  inet_diag_req_v2 request{};
  request.sdiag_protocol = IPPROTO_TCP;
  request.idiag_states = ~0U;
  request.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
  request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  request.sdiag_family = static_cast<std::uint8_t>(ours.sin6_family);
  if (ours.sin6_family == AF_INET) {
    const auto& here = reinterpret_cast<const sockaddr_in&>(ours);
    const auto& there = reinterpret_cast<const sockaddr_in&>(theirs);
    request.id.idiag_sport = there.sin_port;
    request.id.idiag_dport = here.sin_port;
    request.id.idiag_src[0] = there.sin_addr.s_addr;
    request.id.idiag_dst[0] = here.sin_addr.s_addr;
    return request;
  }
  if (ours.sin6_family != AF_INET6) return std::nullopt;
  request.id.idiag_sport = theirs.sin6_port;
  request.id.idiag_dport = ours.sin6_port;
  std::memcpy(&request.id.idiag_src, &theirs.sin6_addr, sizeof theirs.sin6_addr);
  std::memcpy(&request.id.idiag_dst, &ours.sin6_addr, sizeof ours.sin6_addr);
  return request;
}

/// The kernel's report about one socket, from its first message.
std::optional<inet_diag_msg> ask_kernel(const inet_diag_req_v2& body) {
  struct {
    nlmsghdr header;
    inet_diag_req_v2 body;
  } message{};
  message.header.nlmsg_len = sizeof message;
  message.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  message.header.nlmsg_flags = NLM_F_REQUEST;
  message.body = body;
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  const int netlink =
      ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
  if (netlink < 0) return std::nullopt;
  alignas(nlmsghdr) std::array<std::byte, 4096> answer{};
  ssize_t size = ::sendto(netlink, &message, sizeof message, 0,
                          reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
  sockaddr_nl sender{};
  socklen_t sender_size = sizeof sender;
  // The kernel answers before sendto() returns.
  if (size >= 0) {
    size = ::recvfrom(netlink, answer.data(), answer.size(), 0,
                      reinterpret_cast<sockaddr*>(&sender), &sender_size);
  }
  ::close(netlink);
  nlmsghdr header{};
  inet_diag_msg told{};
  if (size < static_cast<ssize_t>(sizeof header + sizeof told) || sender.nl_pid != 0) {
    return std::nullopt;
  }
  std::memcpy(&header, answer.data(), sizeof header);
  if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY) return std::nullopt;
  std::memcpy(&told, answer.data() + sizeof header, sizeof told);
  return told;
}

/// The fields between colons of one line of /etc/passwd or /etc/group.
std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const std::size_t end = std::min(line.find(':'), line.size());
    fields.push_back(line.substr(0, end));
    if (end == line.size()) return fields;
    line.remove_prefix(end + 1);
  }
}

bool is_number(std::string_view text, std::uint32_t number) {
  return whole_number<std::uint32_t>(text) == number;
}

/// Calls `call` with the fields of each line until it returns true.
template <class Call>
bool any_line(const std::string& path, Call call) {
  const auto text = read_file(path, largest_file);
  if (!text) return false;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (call(fields_of(line))) return true;
  }
  return false;
}

/// The group that may use the socket, by the modes of the socket and its folder.
std::optional<gid_t> group_of(const std::string& socket) {
  struct ::stat file{};
  struct ::stat folder{};
  const std::string parent = socket.substr(0, socket.rfind('/') + 1);
  if (::stat(socket.c_str(), &file) != 0 || ::stat(parent.c_str(), &folder) != 0) return {};
  const bool enters = (folder.st_mode & S_IXOTH) != 0 ||
                      ((folder.st_mode & S_IXGRP) != 0 && folder.st_gid == file.st_gid);
  if ((file.st_mode & S_IWGRP) == 0 || !enters) return {};
  return file.st_gid;
}

}  // namespace

std::optional<uid_t> user_of_peer(int socket) {
  const auto request = request_for(socket);
  if (!request) return std::nullopt;
  const auto told = ask_kernel(*request);
  if (!told) return std::nullopt;
  // If the socket is gone, the kernel answers with one that listens there; and it reports root as
  // the owner of sockets that no process holds.
  const bool exactly = told->id.idiag_sport == request->id.idiag_sport &&
                       told->id.idiag_dport == request->id.idiag_dport &&
                       told->idiag_state != state_listen && told->idiag_state != state_time_wait &&
                       told->idiag_inode != 0;
  if (!exactly) return std::nullopt;
  return told->idiag_uid;
}

bool LocalUsers::admits(std::optional<uid_t> user, const std::vector<std::string>& sockets) const {
  if (!user || *user == overflow_user) return false;
  if (*user == 0 || *user == ::geteuid()) return true;
  return std::ranges::any_of(sockets, [&](const std::string& socket) {
    const auto group = group_of(socket);
    return group && is_member(*user, *group);
  });
}

bool LocalUsers::is_member(uid_t user, gid_t group) const {
  std::string name;
  const bool first = any_line(users_, [&](const std::vector<std::string_view>& fields) {
    if (fields.size() < 4 || !is_number(fields[2], user)) return false;
    name = fields[0];
    return is_number(fields[3], group);
  });
  if (first) return true;
  if (name.empty()) return false;
  return any_line(groups_, [&](const std::vector<std::string_view>& fields) {
    if (fields.size() < 4 || !is_number(fields[2], group)) return false;
    std::string_view members = fields[3];
    while (!members.empty()) {
      const std::string_view one = members.substr(0, members.find(','));
      members.remove_prefix(std::min(one.size() + 1, members.size()));
      if (one == name) return true;
    }
    return false;
  });
}

}  // namespace rollcall::server
