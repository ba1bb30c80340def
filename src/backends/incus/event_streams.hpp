// The streams of events of several projects, read as one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <rollcall/task.hpp>

#include "transport/websocket.hpp"

namespace rollcall::incus {

/// Reads each of them all the time, and holds at most one message of each.
///
/// Lifetime: what is being read ends with this, a moment later. One executor, no threads.
class EventStreams {
 public:
  /// `sockets`: at least one.
  EventStreams(const boost::asio::any_io_executor& executor, std::vector<WebSocketPtr> sockets);
  ~EventStreams();
  EventStreams(const EventStreams&) = delete;
  EventStreams& operator=(const EventStreams&) = delete;

  /// The next message of any, those of one in their order; nothing when one of them has ended in
  /// the regular way. Never twice at once.
  ///
  /// Errors: the first of any, see WebSocket. After an error or an end there is nothing more.
  [[nodiscard]] Task<std::optional<std::string>> read();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace rollcall::incus
