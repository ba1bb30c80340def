// HTTP/1.1 on a Unix socket or a port of the loopback, by epoll alone: cheap enough not to disturb
// the measurement.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "containers.hpp"

namespace rollcall::bench {

struct Request {
  std::string method;
  std::string path;   ///< Without the version of the API.
  std::string query;  ///< Decoded.
  std::string body;
};

/// One client. Data for it waits in a queue until the socket takes it.
class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void send(SharedText bytes);
  void send(std::string bytes);

  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  friend class Server;

  bool receive();  // false: the client has gone
  bool flush();    // false: the client has gone
  bool next_request(Request& request);

  int fd_;
  std::string received_;
  std::deque<SharedText> queue_;
  std::size_t sent_ = 0;  // bytes of the queue's front
};

/// Serves one socket for ever, on the calling thread.
class Server {
 public:
  using Answer = std::function<void(const Request&, Connection&)>;

  /// Listens on a Unix socket at `path` or, if it has no slash, on that port. `closed` is called
  /// for each connection that ends. Throws if the socket cannot be made.
  Server(const std::string& path, Answer answer, std::function<void(Connection&)> closed);

  /// Returns only by an exception.
  void run();

 private:
  void accept_all();
  void serve(int fd, unsigned events);

  Answer answer_;
  std::function<void(Connection&)> closed_;
  int epoll_;
  int listener_;
  std::map<int, std::unique_ptr<Connection>> connections_;
};

}  // namespace rollcall::bench
