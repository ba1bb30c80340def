// A proxy that speaks HTTP CONNECT, in the test's own executor.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

namespace rollcall::test {

/// Listens on a free port of the loopback, and connects clients to the target that they ask for.
class ConnectProxy {
 public:
  /// `answer`: the head of the answer; if it is not 2xx, no connection is made.
  explicit ConnectProxy(boost::asio::io_context& io,
                        std::string answer = "HTTP/1.1 200 Connection established\r\n\r\n");
  ~ConnectProxy();
  ConnectProxy(const ConnectProxy&) = delete;
  ConnectProxy& operator=(const ConnectProxy&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::string url() const;                        ///< "http://127.0.0.1:PORT"
  [[nodiscard]] const std::vector<std::string>& heads() const;  ///< Of the requests.

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rollcall::test
