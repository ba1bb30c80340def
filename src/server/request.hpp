// A request, and the reader that takes them from a connection one after the other.
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

/// The head of a request; its body was read and thrown away.
struct Request {
  std::string method;
  std::string target;  ///< As it was sent.
  unsigned version = 11;
  bool keep_alive = true;  ///< The client will ask again on this connection.
  std::vector<std::pair<std::string, std::string>> headers;  ///< Names in small letters.

  /// The first of that name, given in small letters; empty if there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;

  /// How many there are of that name.
  [[nodiscard]] std::size_t count(std::string_view name) const;
};

/// Why a request was not understood. Nothing can be read after it.
struct Refusal {
  unsigned status = 400;
  std::string what;
};

/// The connection has ended, or nothing came in time: there is nobody to answer.
struct Ended {};

using Read = std::variant<Request, Refusal, Ended>;

/// Reads requests, at most one ahead of its caller: what a client sends beyond stays in the kernel.
class RequestReader {
 public:
  RequestReader(Stream& stream, const Limits& limits) : stream_(stream), limits_(limits) {}

  [[nodiscard]] boost::asio::awaitable<Read> next();

  /// Whether bytes were received that belong to no request yet.
  [[nodiscard]] bool has_more() const noexcept { return !buffer_.empty(); }

 private:
  [[nodiscard]] boost::asio::awaitable<bool> receive(std::chrono::milliseconds deadline);

  Stream& stream_;
  const Limits& limits_;
  std::string buffer_;  // received and not parsed
};

}  // namespace rollcall::server
