#include "cli/remote/event_stream.hpp"

#include <utility>

#include <fmt/format.h>

namespace rollcall::cli {

Result<void> EventStreamReader::feed(std::string_view bytes, const Sink& sink) {
  while (!bytes.empty()) {
    if (std::exchange(after_return_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const std::size_t end = bytes.find_first_of("\r\n");
    line_ += bytes.substr(0, end);
    if (line_.size() + event_.data.size() > largest_) {
      return fail({.kind = ErrorKind::protocol,
                   .what = fmt::format("an event is larger than {} bytes", largest_)});
    }
    if (end == std::string_view::npos) break;
    after_return_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    take_line(std::exchange(line_, {}), sink);
  }
  return {};
}

void EventStreamReader::end_event(const Sink& sink) {
  const bool complete = std::exchange(has_data_, false);
  StreamEvent event{.id = event_.id,
                    .type = std::exchange(event_.type, {}),
                    .data = std::exchange(event_.data, {})};
  if (complete) sink(std::move(event));
}

void EventStreamReader::take_line(std::string_view line, const Sink& sink) {
  if (line.empty()) return end_event(sink);
  const std::size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") {
    if (has_data_) event_.data += '\n';
    event_.data += value;
    has_data_ = true;
  } else if (field == "event") {
    event_.type = value;
  } else if (field == "id") {
    event_.id = value;
  }
}

}  // namespace rollcall::cli
