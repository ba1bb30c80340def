#include "transport/json_splitter.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
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

// Blocks of 64 bytes, of which one question is asked at a time; the answer has a bit for each byte.
constexpr std::size_t block_size = 64;
constexpr std::size_t lane_size = 16;  // what every processor compares at once
using Lane = unsigned char __attribute__((ext_vector_type(lane_size)));
using LaneAnswer = bool __attribute__((ext_vector_type(lane_size)));
using Block = std::array<Lane, block_size / lane_size>;

/// The bytes, and zeroes behind them.
Block load(const char* bytes, std::size_t size) {
  Block block{};
  if (size == block_size) {
    std::memcpy(&block, bytes, block_size);
  } else {
    std::memcpy(&block, bytes, size);
  }
  return block;
}

template <class Question>
std::uint64_t where(const Block& block, Question question) {
  std::uint64_t answer = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const auto of_lane = __builtin_convertvector(question(block[i]), LaneAnswer);
    answer |= std::uint64_t{std::bit_cast<std::uint16_t>(of_lane)} << (i * lane_size);
  }
  return answer;
}

std::uint64_t where_is(const Block& block, unsigned char byte) {
  return where(block, [byte](Lane lane) { return lane == byte; });
}

/// Whether it is this byte or that with one bit less, by which '{' and '[' differ, and '}' and ']'.
std::uint64_t where_is_either(const Block& block, unsigned char byte) {
  constexpr unsigned char bit = '{' - '[';
  return where(block, [byte](Lane lane) { return (lane | bit) == byte; });
}

/// A bit for each byte that follows a backslash which is not escaped itself. `escaped`: the first
/// byte does, and then whether the byte after the last one will.
std::uint64_t escaped_by(std::uint64_t backslashes, std::size_t size, bool& escaped) {
  std::uint64_t found = std::exchange(escaped, false) ? 1 : 0;
  for (std::uint64_t rest = backslashes & ~found; rest != 0;) {
    const auto at = static_cast<unsigned>(std::countr_zero(rest));
    if (at + 1 == size) {
      escaped = true;
      break;
    }
    found |= std::uint64_t{2} << at;
    rest &= ~(std::uint64_t{3} << at);
  }
  return found;
}

/// A bit for each byte from an opening quote to before the closing one. `inside`: the first byte
/// is within a string, and then whether the byte after the last one will be.
std::uint64_t strings_by(std::uint64_t quotes, bool& inside) {
  for (unsigned shift = 1; shift < block_size; shift *= 2) quotes ^= quotes << shift;
  if (inside) quotes = ~quotes;
  inside = (quotes >> (block_size - 1)) != 0;
  return quotes;
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

/// Returns how many bytes belong to the item that begins or goes on here; depth_ is 0 if they
/// complete it.
std::size_t JsonSplitter::scan_item(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size(); at += block_size) {
    const std::size_t size = std::min(bytes.size() - at, block_size);
    const std::size_t end = scan_block(bytes.data() + at, size);
    if (depth_ == 0) return at + end;
  }
  return bytes.size();
}

/// Returns the end of the item, if it is within these bytes; depth_ is 0 then.
std::size_t JsonSplitter::scan_block(const char* bytes, std::size_t size) {
  const Block block = load(bytes, size);
  const std::uint64_t escaped = escaped_by(where_is(block, '\\'), size, escaped_);
  const std::uint64_t strings = strings_by(where_is(block, '"') & ~escaped, in_string_);
  const std::uint64_t opening = where_is_either(block, '{') & ~strings;
  const std::uint64_t closing = where_is_either(block, '}') & ~strings;
  // Most blocks cannot hold the end.
  const auto closed = static_cast<std::size_t>(std::popcount(closing));
  if (closed < depth_) {
    depth_ += static_cast<std::size_t>(std::popcount(opening)) - closed;
    return size;
  }
  for (std::uint64_t brackets = opening | closing; brackets != 0; brackets &= brackets - 1) {
    const auto at = static_cast<std::size_t>(std::countr_zero(brackets));
    if (((opening >> at) & 1U) != 0) {
      ++depth_;
    } else if (--depth_ == 0) {
      in_string_ = false;
      escaped_ = false;
      return at + 1;
    }
  }
  return size;
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
