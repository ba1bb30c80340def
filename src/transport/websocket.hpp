// A WebSocket (RFC 6455) as its client: whole messages, deadlines, bounds.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include <rollcall/task.hpp>

#include "transport/stream.hpp"

namespace rollcall {

struct WebSocketLimits {
  Milliseconds handshake = std::chrono::seconds(30);
  /// Of silence. After half of it the other side is pinged; when it has passed, it is given up.
  Milliseconds idle = std::chrono::seconds(45);
  std::size_t max_message = std::size_t{4} << 20U;
};

/// An open connection. Pings are answered while read() is under way. Destroying it closes it.
class WebSocket {
 public:
  ~WebSocket();
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  /// The next message, whole, text or binary; nothing if the other side ended the stream in the
  /// regular way. Never twice at once.
  ///
  /// Errors: unavailable, for a connection that is cut, silent for too long (mute), or closed with
  /// a code that says that something went wrong; protocol, for what is no WebSocket or larger than
  /// the bound. After an error or the end there is nothing more.
  [[nodiscard]] Task<std::optional<std::string>> read();

  /// Ends a read() that is under way, as if it were cancelled, and all that come later.
  void cancel();

 private:
  friend struct WebSocketOpener;
  struct Impl;
  explicit WebSocket(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

using WebSocketPtr = std::unique_ptr<WebSocket>;

/// What came of asking for one.
struct WebSocketAnswer {
  unsigned status = 0;    ///< Of HTTP.
  std::string body{};     ///< Of a refusal.
  WebSocketPtr socket{};  ///< Null if it was refused.
};

struct WebSocketRequest {
  std::string host;    ///< The Host header.
  std::string target;  ///< Percent-encoded.
  std::string url;     ///< Names the endpoint in errors.
};

/// Asks for a WebSocket over a connection that was just made.
///
/// Errors: those of the stream; mute; not this API, if the answer is not HTTP. A refusal is an
/// answer.
[[nodiscard]] Task<WebSocketAnswer> open_websocket(StreamPtr stream, WebSocketRequest request,
                                                   WebSocketLimits limits);

}  // namespace rollcall
