// A WebSocket client (RFC 6455): whole messages, deadlines, bounds.
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
  /// The longest silence. The peer is pinged after half of it, and given up when it has passed.
  Milliseconds idle = std::chrono::seconds(45);
  std::size_t max_message = std::size_t{4} << 20U;
};

/// An open connection. Pings are answered during read(). The destructor closes it.
class WebSocket {
 public:
  ~WebSocket();
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  /// Returns the next whole message, text or binary; nullopt if the peer ended the stream in the
  /// regular way. Only one read() may be in progress.
  ///
  /// Errors: unavailable, for a connection that is cut, silent for too long (mute), or closed with
  /// a code that tells of a failure; protocol, for bytes that are no WebSocket, or a message larger
  /// than the bound. After an error or the end, do not read again.
  [[nodiscard]] Task<std::optional<std::string>> read();

  /// Ends a read() in progress as if it were cancelled, and all later ones.
  void cancel();

 private:
  friend struct WebSocketOpener;
  struct Impl;
  explicit WebSocket(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

using WebSocketPtr = std::unique_ptr<WebSocket>;

/// The result of asking for a WebSocket.
struct WebSocketAnswer {
  unsigned status = 0;    ///< The HTTP status.
  std::string body{};     ///< The body of a refusal.
  WebSocketPtr socket{};  ///< Null if it was refused.
};

struct WebSocketRequest {
  std::string host;    ///< The Host header.
  std::string target;  ///< Percent-encoded.
  std::string url;     ///< Names the endpoint in errors.
};

/// Asks for a WebSocket over a new connection.
///
/// Errors: those of the stream; mute; not_this_api, if the answer is not HTTP. A refusal is not an
/// error: see WebSocketAnswer.
[[nodiscard]] Task<WebSocketAnswer> open_websocket(StreamPtr stream, WebSocketRequest request,
                                                   WebSocketLimits limits);

}  // namespace rollcall
