// Makes and removes the file of a Unix socket, in folders that other users may change, too.
#pragma once

#include <string>

#include <rollcall/result.hpp>
#include <sys/types.h>

#include "server/options.hpp"

namespace rollcall::server {

/// The file of a socket, as it was made.
struct SocketFile {
  std::string path;
  dev_t device{};
  ino_t file{};

  /// Removes it, unless another has taken its place meanwhile.
  void remove() const;
};

/// A socket that listens.
struct ListeningSocket {
  int descriptor = -1;  ///< The receiver's to close.
  SocketFile file;
};

/// Listens at the path, with its mode from the first moment on. Replaces a socket on which no
/// process listens any more; leaves alone one that is in use, or a file of another kind. If two
/// daemons start at once, one of them fails with an error.
///
/// Another user cannot keep it from starting, unless that user may change the folder.
///
/// Errors: invalid_config, with what is in the way.
[[nodiscard]] Result<ListeningSocket> listen_at(const UnixListener& where, int backlog);

/// Makes the folder of a socket if there is none, so that no other user may change it. listen_at()
/// reports a failure.
void make_folder_of(const std::string& path);

/// The error for an address that cannot be listened on, with its remedy.
[[nodiscard]] std::unexpected<RuntimeError> cannot_listen(std::string where, int error);

}  // namespace rollcall::server
