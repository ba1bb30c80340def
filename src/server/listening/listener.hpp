// A listening socket: an address, a Unix socket, or a descriptor that listens already.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <rollcall/result.hpp>

#include "server/access/admission.hpp"
#include "server/listening/descriptor.hpp"
#include "server/listening/socket_file.hpp"
#include "server/options.hpp"

namespace rollcall::server {

struct Accepted {
  Descriptor socket;  ///< It is connected.
  Client client;
};

/// Listens as long as the object lives. Its destructor removes the Unix socket that it has made.
class Listener {
 public:
  /// Errors: invalid_config, if the address is not this host's, in use, or not allowed.
  static Result<std::unique_ptr<Listener>> open(const boost::asio::any_io_executor& executor,
                                                const TcpListener& where);

  /// Listens as listen_at() does, with the same errors.
  static Result<std::unique_ptr<Listener>> open(const boost::asio::any_io_executor& executor,
                                                const UnixListener& where);

  /// Takes a descriptor that check() has accepted.
  static Result<std::unique_ptr<Listener>> take(const boost::asio::any_io_executor& executor,
                                                int socket);

  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Waits for a client. Nothing: the system has no descriptor or memory left for it; try again
  /// after a moment.
  [[nodiscard]] boost::asio::awaitable<std::optional<Accepted>> accept();

  [[nodiscard]] Client::Door door() const noexcept { return door_; }

  /// "http://127.0.0.1:7655", "unix:///run/rollcall/rollcall.sock".
  [[nodiscard]] const std::string& url() const noexcept { return url_; }

 private:
  Listener(const boost::asio::any_io_executor& executor, int socket);

  boost::asio::posix::stream_descriptor socket_;
  Client::Door door_ = Client::Door::tcp;
  std::string url_;
  std::optional<SocketFile> made_;
};

}  // namespace rollcall::server
