#include "transport/json_splitter.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace rollcall {
namespace {

std::unexpected<RuntimeError> malformed(std::string what) {
  return fail({.kind = ErrorKind::protocol, .what = std::move(what)});
}

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

}  // namespace

Result<void> JsonSplitter::feed(std::string_view bytes, const Sink& sink) {
  auto taken = feed_some(bytes, sink);
  if (!taken) return fail(std::move(taken.error()));
  const std::string_view rest = bytes.substr(*taken);
  return std::ranges::all_of(rest, is_space)
             ? Result<void>()
             : malformed("the answer is not a JSON array of objects");
}

Result<std::size_t> JsonSplitter::feed_some(std::string_view bytes, const Sink& sink) {
  const std::size_t given = bytes.size();
  while (!bytes.empty() && !closed()) {
    if (depth_ == 0) {
      auto skipped = skip_between(bytes);
      if (!skipped) return skipped;
      bytes.remove_prefix(*skipped);
      if (bytes.empty() || closed()) break;
    }
    const std::size_t size = scan_item(bytes);
    if (item_.size() + size > max_item_) {
      return malformed(fmt::format("an item of the answer is larger than {} bytes", max_item_));
    }
    if (auto taken = take_item(bytes, size, sink); !taken) return fail(std::move(taken.error()));
    bytes.remove_prefix(size);
  }
  return given - bytes.size();
}

/// Passes what may stand between items; stops at the first byte of the next one, and behind the
/// last.
Result<std::size_t> JsonSplitter::skip_between(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const char c = bytes[at];
    if (is_space(c)) continue;
    if (shape_ == Shape::stream) {
      if (c == '{') return at;
      return malformed("the stream holds something else than JSON objects");
    }
    if (where_ == Where::before_array && c == '[') {
      where_ = Where::between;
    } else if (where_ == Where::between && c == ']') {
      where_ = Where::after_array;
      return at + 1;
    } else if (where_ == Where::between && c == ',' && comma_due_) {
      comma_due_ = false;
    } else if (where_ == Where::between && c == '{' && !comma_due_) {
      return at;
    } else {
      return malformed("the answer is not a JSON array of objects");
    }
  }
  return bytes.size();
}

/// Returns how many bytes belong to the string that goes on here, its closing quote among them.
std::size_t JsonSplitter::scan_string(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (escaped_) {
      escaped_ = false;
      ++at;
      continue;
    }
    const std::size_t quote = bytes.find('"', at);
    const std::string_view text = bytes.substr(at, quote - at);
    const std::size_t plain = text.find_last_not_of('\\');
    const std::size_t backslashes = text.size() - (plain == text.npos ? 0 : plain + 1);
    escaped_ = backslashes % 2 == 1;
    if (quote == bytes.npos) return bytes.size();
    at = quote;
    if (escaped_) continue;
    in_string_ = false;
    return quote + 1;
  }
  return bytes.size();
}

/// Returns how many bytes belong to the item that begins or goes on here; depth_ is 0 if they
/// complete it.
std::size_t JsonSplitter::scan_item(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    // Most bytes are within strings, which are passed by a search for their end.
    if (in_string_) {
      at += scan_string(bytes.substr(at));
      continue;
    }
    const char c = bytes[at++];
    if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if ((c == '}' || c == ']') && --depth_ == 0) {
      return at;
    }
  }
  return bytes.size();
}

Result<void> JsonSplitter::take_item(std::string_view bytes, std::size_t size, const Sink& sink) {
  const bool complete = depth_ == 0;
  // An item that lies in the given bytes with enough of them after it is not copied.
  if (complete && item_.empty() && size + padding <= bytes.size()) {
    comma_due_ = true;
    return sink(bytes.substr(0, size));
  }
  item_.append(bytes.substr(0, size));
  if (!complete) return {};
  comma_due_ = true;
  item_.reserve(item_.size() + padding);
  auto taken = sink(item_);
  item_.clear();
  return taken;
}

Result<void> JsonSplitter::finish() const {
  if (depth_ != 0) return malformed("the answer ends in the middle of an object");
  if (shape_ == Shape::array && where_ != Where::after_array) {
    return malformed("the answer ends in the middle of a list");
  }
  return {};
}

}  // namespace rollcall
