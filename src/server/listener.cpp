#include "server/listener.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace rollcall::server {

namespace asio = boost::asio;

namespace {

constexpr int backlog = 1024;

/// A descriptor that is closed unless it is released.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int get() const noexcept { return number_; }
  [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }

 private:
  int number_;
};

std::unexpected<RuntimeError> cannot(std::string where, std::string what, std::string remedy) {
  return fail({.kind = ErrorKind::invalid_config,
               .endpoint = std::move(where),
               .what = std::move(what),
               .remedy = std::move(remedy)});
}

std::unexpected<RuntimeError> cannot_listen(std::string where, int error) {
  std::string remedy = "listen elsewhere";
  if (error == EADDRINUSE) remedy = "another program listens there: end it, or name another port";
  if (error == EADDRNOTAVAIL) remedy = "name an address that this host has";
  if (error == EACCES) remedy = "name another place, or give this program the right to it";
  if (error == ENOENT) remedy = "make the folder first";
  return cannot(std::move(where),
                fmt::format("it cannot be listened on: {}", std::generic_category().message(error)),
                std::move(remedy));
}

sockaddr_un unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);  // check() knows its length
  return address;
}

/// Nobody else may decide about a socket in this folder at the same time.
Result<void> lock_folder(const Descriptor& folder, const std::string& where) {
  if (folder.get() < 0) return cannot_listen(where, errno);
  if (::flock(folder.get(), LOCK_EX | LOCK_NB) == 0) return {};
  return cannot(where, "another program is making a socket in this folder", "start it again");
}

/// Removes what is left of one that has died.
Result<void> make_way(const std::string& path, const std::string& where) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) {
    return cannot(where, "there is a file that is no socket", "name another path, or remove it");
  }
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_un address = unix_address(path);
  const int connected =
      ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (connected == 0 || errno == EAGAIN) {
    return cannot(where, "another program listens there", "end it, or name another path");
  }
  if (errno != ECONNREFUSED) return cannot_listen(where, errno);
  if (::unlink(path.c_str()) != 0) return cannot_listen(where, errno);
  return {};
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string url_of(const asio::ip::tcp::endpoint& address) {
  return address.address().is_v6()
             ? fmt::format("http://[{}]:{}", address.address().to_string(), address.port())
             : fmt::format("http://{}:{}", address.address().to_string(), address.port());
}

asio::ip::tcp::endpoint tcp_endpoint(const sockaddr_storage& address) {
  asio::ip::tcp::endpoint endpoint;
  const std::size_t size =
      address.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  std::memcpy(endpoint.data(), &address, size);
  endpoint.resize(size);
  return endpoint;
}

}  // namespace

Listener::Listener(const asio::any_io_executor& executor, int socket) : socket_(executor, socket) {}

Listener::~Listener() {
  if (!made_) return;
  struct stat status{};
  // Another may have made its own there meanwhile.
  const bool ours = ::lstat(made_->path.c_str(), &status) == 0 && status.st_dev == made_->device &&
                    status.st_ino == made_->file;
  if (ours) ::unlink(made_->path.c_str());
}

Result<std::unique_ptr<Listener>> Listener::open(const asio::any_io_executor& executor,
                                                 const TcpListener& where) {
  boost::system::error_code ec;
  const auto ip = asio::ip::make_address(where.host == "localhost" ? "127.0.0.1" : where.host, ec);
  const asio::ip::tcp::endpoint address(ip, where.port);
  if (ec) return cannot(where.host, "this is not an address", "name one of this host's addresses");
  const int domain = ip.is_v6() ? AF_INET6 : AF_INET;
  Descriptor socket(::socket(domain, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int again = 1;  // also while connections of an earlier run are being closed
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &again, sizeof again);
  if (::bind(socket.get(), address.data(), static_cast<socklen_t>(address.size())) != 0 ||
      ::listen(socket.get(), backlog) != 0) {
    const int error = errno;
    return cannot_listen(url_of(address), error);
  }
  return take(executor, socket.release());
}

Result<std::unique_ptr<Listener>> Listener::open(const asio::any_io_executor& executor,
                                                 const UnixListener& where) {
  const std::string url = "unix://" + where.path;
  const Descriptor folder(
      ::open(folder_of(where.path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (auto locked = lock_folder(folder, url); !locked) return fail(std::move(locked.error()));
  if (auto free = make_way(where.path, url); !free) return fail(std::move(free.error()));
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_un address = unix_address(where.path);
  // Until it listens nobody can connect, so its mode is right from the start.
  struct stat status{};
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(where.path.c_str(), where.mode) != 0 || ::listen(socket.get(), backlog) != 0 ||
      ::lstat(where.path.c_str(), &status) != 0) {
    return cannot_listen(url, errno);
  }
  auto listener = take(executor, socket.release());
  if (listener) {
    (*listener)->made_ = Made{.path = where.path, .device = status.st_dev, .file = status.st_ino};
  }
  return listener;
}

Result<std::unique_ptr<Listener>> Listener::take(const asio::any_io_executor& executor,
                                                 int socket) {
  ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
  ::fcntl(socket, F_SETFD, FD_CLOEXEC);
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    const int error = errno;
    ::close(socket);
    return cannot_listen(fmt::format("the descriptor {}", socket), error);
  }
  std::unique_ptr<Listener> listener(new Listener(executor, socket));
  if (address.ss_family == AF_UNIX) {
    listener->door_ = Client::Door::unix_socket;
    listener->url_ =
        fmt::format("unix://{}", reinterpret_cast<const sockaddr_un&>(address).sun_path);
  } else {
    listener->url_ = url_of(tcp_endpoint(address));
  }
  return listener;
}

asio::awaitable<std::optional<Accepted>> Listener::accept() {
  constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
  for (;;) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const int socket = ::accept4(socket_.native_handle(), reinterpret_cast<sockaddr*>(&address),
                                 &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket >= 0) {
      Accepted accepted{.socket = socket, .client = {.door = door_}};
      if (door_ == Client::Door::tcp) {
        accepted.client.address = tcp_endpoint(address).address().to_string();
      }
      co_return accepted;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;  // that client has gone again
    if (errno != EAGAIN) co_return std::nullopt;
    auto [ec] = co_await socket_.async_wait(asio::posix::stream_descriptor::wait_read, as_result);
    // Cancellation is not an error of the socket: the coroutine unwinds.
    if (ec) throw boost::system::system_error(asio::error::operation_aborted);
  }
}

}  // namespace rollcall::server
