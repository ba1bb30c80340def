#include "server/listening/socket_file.hpp"

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/listening/descriptor.hpp"

namespace rollcall::server {
namespace {

std::unexpected<RuntimeError> cannot(std::string where, std::string what, std::string remedy) {
  return fail({.kind = ErrorKind::invalid_config,
               .endpoint = std::move(where),
               .what = std::move(what),
               .remedy = std::move(remedy)});
}

/// A path, split into its folder, which is opened once, and the name in it.
struct Place {
  explicit Place(const std::string& path)
      : name(path.substr(path.rfind('/') + 1)),
        folder(::open(path.substr(0, path.rfind('/') + 1).c_str(),
                      O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

  /// The file at the path, without following a link; nothing if there is none.
  [[nodiscard]] std::optional<struct stat> look(const std::string& at) const {
    struct stat status{};
    if (::fstatat(folder.get(), at.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
    return status;
  }

  std::string name;
  Descriptor folder;
};

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/// While this lock is held, no other daemon of this user makes or replaces the socket beside it.
///
/// Any user who may open a file can lock it for ever, so the folder cannot be the lock. The lock
/// file is accessible to our user alone, and exists only while a socket is made.
class PlaceLock {
 public:
  enum class State : std::uint8_t { held, busy, unavailable };

  explicit PlaceLock(const Place& place) : place_(place), name_(place.name + ".lock") {
    // If the former holder has removed the file that was opened here, lock the next one.
    for (int attempts = 0; attempts < 16 && state_ == State::unavailable; ++attempts) {
      if (!take()) return;
    }
  }
  ~PlaceLock() {
    if (state_ == State::held) ::unlinkat(place_.folder.get(), name_.c_str(), 0);
  }
  PlaceLock(const PlaceLock&) = delete;
  PlaceLock& operator=(const PlaceLock&) = delete;

  [[nodiscard]] State state() const noexcept { return state_; }

 private:
  /// True: it holds the lock, or should try again.
  bool take() {
    constexpr int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    file_ = Descriptor(::openat(place_.folder.get(), name_.c_str(), flags, 0600));
    struct stat opened{};
    if (file_.get() < 0 || ::fstat(file_.get(), &opened) != 0) return false;
    if (!S_ISREG(opened.st_mode) || opened.st_uid != ::geteuid() || opened.st_nlink > 1 ||
        (opened.st_mode & 077U) != 0) {
      return false;
    }
    if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) state_ = State::busy;
      return false;
    }
    const auto there = place_.look(name_);
    if (there && same_file(*there, opened)) state_ = State::held;
    return true;
  }

  const Place& place_;
  std::string name_;
  Descriptor file_;
  State state_ = State::unavailable;
};

sockaddr_un unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);  // check() has limited its length
  return address;
}

/// Removes the socket file of a process that has died.
Result<void> make_way(const Place& place, const std::string& path, const std::string& url,
                      PlaceLock::State lock) {
  const auto there = place.look(place.name);
  if (!there) return {};
  if (!S_ISSOCK(there->st_mode)) {
    return cannot(url, "there is a file that is no socket", "name another path, or remove it");
  }
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_un address = unix_address(path);
  const int connected =
      ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (connected == 0 || errno == EAGAIN) {
    return cannot(url, "another program listens there", "end it, or name another path");
  }
  if (errno != ECONNREFUSED) return cannot_listen(url, errno);
  if (lock != PlaceLock::State::held) {
    return cannot(url,
                  "a socket that nobody listens on is in the way, and without its lock file (the "
                  "same name with .lock) it cannot be replaced safely",
                  "remove both, or name a path in a folder that no other user may change");
  }
  if (::unlinkat(place.folder.get(), place.name.c_str(), 0) != 0) return cannot_listen(url, errno);
  return {};
}

/// Binds so that the file never has more rights than its mode. The mode is not changed by name
/// afterwards, so a file that another user has put there meanwhile stays unchanged.
bool bind_with_mode(int socket, const UnixListener& where) {
  if (::fchmod(socket, where.mode) != 0) return false;  // bind() takes the mode from here
  const sockaddr_un address = unix_address(where.path);
  const mode_t before = ::umask(0777U & ~where.mode);
  const int bound = ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = errno;
  ::umask(before);
  errno = error;
  return bound == 0;
}

}  // namespace

std::unexpected<RuntimeError> cannot_listen(std::string where, int error) {
  std::string remedy = "listen elsewhere";
  if (error == EADDRINUSE) remedy = "another program listens there: end it, or name another port";
  if (error == EADDRNOTAVAIL) remedy = "name an address that this host has";
  if (error == EPERM) remedy = "allow it in the unit of the service, by SocketBindAllow=tcp:PORT";
  if (error == EACCES) remedy = "name another place, or give this program the right to it";
  if (error == ENOENT) remedy = "make the folder first";
  return cannot(std::move(where),
                fmt::format("it cannot be listened on: {}", std::generic_category().message(error)),
                std::move(remedy));
}

void SocketFile::remove() const {
  const Place place(path);
  const auto there = place.look(place.name);
  const bool ours = there && there->st_dev == device && there->st_ino == file;
  if (ours) ::unlinkat(place.folder.get(), place.name.c_str(), 0);
}

void make_folder_of(const std::string& path) {
  const mode_t before = ::umask(022);
  ::umask(before | 022U);
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  ::umask(before);
}

Result<ListeningSocket> listen_at(const UnixListener& where, int backlog) {
  const std::string url = "unix://" + where.path;
  const Place place(where.path);
  if (place.folder.get() < 0) return cannot_listen(url, errno);
  const PlaceLock lock(place);
  if (lock.state() == PlaceLock::State::busy) {
    return cannot(url, "another program is making this socket", "start it again");
  }
  if (auto free = make_way(place, where.path, url, lock.state()); !free) {
    return fail(std::move(free.error()));
  }
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.get() < 0 || !bind_with_mode(socket.get(), where)) return cannot_listen(url, errno);
  const auto made = place.look(place.name);
  if (!made || !S_ISSOCK(made->st_mode) || made->st_uid != ::geteuid() ||
      (made->st_mode & 0777U & ~where.mode) != 0) {
    return cannot(url, "another program has put something in the place of the socket",
                  "name a path in a folder that no other user may change");
  }
  SocketFile file{.path = where.path, .device = made->st_dev, .file = made->st_ino};
  if (::listen(socket.get(), backlog) != 0) {
    const int error = errno;
    file.remove();
    return cannot_listen(url, error);
  }
  return ListeningSocket{.descriptor = socket.release(), .file = std::move(file)};
}

}  // namespace rollcall::server
