// Where clients come in: an address, a Unix socket, or a descriptor that listens already.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <rollcall/result.hpp>

#include "server/admission.hpp"
#include "server/options.hpp"

namespace rollcall::server {

/// A connected socket, which the receiver must take.
struct Accepted {
  int socket = -1;
  Client client;
};

/// Listens for as long as it lives. A Unix socket that it has made is removed with it.
class Listener {
 public:
  /// Errors: invalid_config, if the address is not this host's, in use, or not allowed.
  static Result<std::unique_ptr<Listener>> open(const boost::asio::any_io_executor& executor,
                                                const TcpListener& where);

  /// A socket that nobody listens on any more is replaced; one that somebody does, or a file of
  /// another kind, is left alone.
  ///
  /// Errors: invalid_config, with what is in the way.
  static Result<std::unique_ptr<Listener>> open(const boost::asio::any_io_executor& executor,
                                                const UnixListener& where);

  /// Takes a descriptor that check() has accepted.
  static Result<std::unique_ptr<Listener>> take(const boost::asio::any_io_executor& executor,
                                                int socket);

  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Waits for a client; nothing: the system has no descriptor or memory left for one. Ask again,
  /// after a moment.
  [[nodiscard]] boost::asio::awaitable<std::optional<Accepted>> accept();

  [[nodiscard]] Client::Door door() const noexcept { return door_; }

  /// "http://127.0.0.1:7655", "unix:///run/rollcall/rollcall.sock".
  [[nodiscard]] const std::string& url() const noexcept { return url_; }

 private:
  Listener(const boost::asio::any_io_executor& executor, int socket);

  /// The file of a socket, as it was made.
  struct Made {
    std::string path;
    dev_t device;
    ino_t file;
  };

  boost::asio::posix::stream_descriptor socket_;
  Client::Door door_ = Client::Door::tcp;
  std::string url_;
  std::optional<Made> made_;
};

}  // namespace rollcall::server
