// Reads the event streams of several projects as one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <rollcall/task.hpp>

#include "transport/http/websocket.hpp"

namespace rollcall::incus {

/// Reads all streams concurrently, and holds at most one message of each.
///
/// Lifetime: reads in progress end a moment after this object. One executor, no threads.
class EventStreams {
 public:
  /// `sockets`: at least one.
  EventStreams(const boost::asio::any_io_executor& executor, std::vector<WebSocketPtr> sockets);
  ~EventStreams();
  EventStreams(const EventStreams&) = delete;
  EventStreams& operator=(const EventStreams&) = delete;

  /// Returns the next message of any stream; messages of one stream keep their order. Returns
  /// nullopt when one of them has ended in the regular way. Only one read() may be in progress.
  ///
  /// Errors: the first of any stream, see WebSocket. After an error or the end, do not read again.
  [[nodiscard]] Task<std::optional<std::string>> read();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace rollcall::incus
