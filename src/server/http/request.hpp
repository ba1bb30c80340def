// A request, and the reader that takes requests from a connection one after the other.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "server/options.hpp"
#include "transport/stream.hpp"

namespace rollcall::server {

/// The head of a request.
struct Request {
  std::string method;
  std::string target;  ///< As it was sent.
  unsigned version = 11;
  bool keep_alive = true;  ///< The client will ask again on this connection.
  bool has_body = false;   ///< A body follows the head.
  std::vector<std::pair<std::string, std::string>> headers{};  ///< Names in lower case.

  /// The value of the first header of that name, given in lower case; empty if there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;

  /// The number of headers of that name.
  [[nodiscard]] std::size_t count(std::string_view name) const;
};

/// Why a request was not understood. Nothing can be read after it.
struct Refusal {
  unsigned status = 400;
  std::string what;
};

/// The connection has ended, or nothing came in time: no answer is possible.
struct Ended {};

using Read = std::variant<Request, Refusal, Ended>;

/// Why a request is not read to its end.
using Broken = std::variant<Refusal, Ended>;

/// Whether to refuse the Expect header (RFC 9110, 10.1.1): it is unknown, or asks for leave to send
/// a body, which no route takes.
[[nodiscard]] bool expects_too_much(const Request& request);

/// Reads the requests of a connection. Receives only when the current request needs more bytes, so
/// pipelined requests mostly stay in the kernel.
class RequestReader {
 public:
  RequestReader(Stream& stream, const Limits& limits);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  /// The head of the next request.
  [[nodiscard]] boost::asio::awaitable<Read> next();

  /// Reads and discards the body of that request, if it has one. Must be awaited before next(). One
  /// deadline covers head and body.
  [[nodiscard]] boost::asio::awaitable<std::optional<Broken>> skip_body();

  /// Whether bytes were received that belong to no request yet.
  [[nodiscard]] bool has_more() const noexcept { return !buffer_.empty(); }

 private:
  struct Parsing;

  [[nodiscard]] boost::asio::awaitable<bool> receive(std::chrono::milliseconds deadline);
  [[nodiscard]] boost::asio::awaitable<std::optional<Broken>> parse_on();

  Stream& stream_;
  const Limits& limits_;
  std::string buffer_;                // received and not parsed
  std::unique_ptr<Parsing> parsing_;  // while a request is read
};

}  // namespace rollcall::server
