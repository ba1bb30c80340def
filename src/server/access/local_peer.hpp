// Asks the kernel which user of this host is at the other end of a TCP connection, so that users
// who may use the Unix socket are admitted on TCP, too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace rollcall::server {

/// The uid that the kernel reports for any user of another user namespace.
inline constexpr uid_t overflow_user = 65534;

/// The owner of the socket that is connected with this one, within our network namespace. Nothing
/// if the peer is elsewhere, has closed its socket, or the kernel does not report it.
///
/// Costs one request for exactly that socket (sock_diag(7)), about ten microseconds. Never waits.
std::optional<uid_t> user_of_peer(int socket);

/// The users who need no token on an address of this host: root, our own user, and the members of a
/// group that may use one of the daemon's sockets.
///
/// Reads the user and group files and asks no name service, since that may block.
class LocalUsers {
 public:
  /// Only tests give other paths for the files.
  explicit LocalUsers(std::string users = "/etc/passwd", std::string groups = "/etc/group")
      : users_(std::move(users)), groups_(std::move(groups)) {}

  [[nodiscard]] bool admits(std::optional<uid_t> user,
                            const std::vector<std::string>& sockets) const;

 private:
  [[nodiscard]] bool is_member(uid_t user, gid_t group) const;

  std::string users_;
  std::string groups_;
};

}  // namespace rollcall::server
