// Parses server-sent events as they arrive (WHATWG HTML, 9.2). Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include <rollcall/result.hpp>

namespace rollcall::cli {

/// One event of the stream.
struct StreamEvent {
  std::string id{};    ///< The last id that was sent; empty before the first.
  std::string type{};  ///< Empty: a plain message.
  std::string data{};  ///< Its lines, without the last line's end.
};

class EventStreamReader {
 public:
  using Sink = std::function<void(StreamEvent event)>;

  explicit EventStreamReader(std::size_t largest_event = std::size_t{16} << 20U)
      : largest_(largest_event) {}

  /// Takes the next bytes, cut anywhere, and calls `sink` for each event that they complete.
  /// Ignores comments and unknown fields.
  ///
  /// Errors: protocol, for an event larger than the bound.
  [[nodiscard]] Result<void> feed(std::string_view bytes, const Sink& sink);

 private:
  void take_line(std::string_view line, const Sink& sink);
  void end_event(const Sink& sink);

  std::size_t largest_;
  std::string line_;  // the beginning of an incomplete line
  StreamEvent event_;
  bool has_data_ = false;
  bool after_return_ = false;  // a line feed now belongs to the CR before it
};

}  // namespace rollcall::cli
