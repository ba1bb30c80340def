#include "transport/splitters/json_splitter.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/budgets.hpp"

namespace rollcall {
namespace {

std::unexpected<RuntimeError> malformed(std::string what) {
  return fail({.kind = ErrorKind::protocol, .what = std::move(what)});
}

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// The input is scanned in blocks of 64 bytes; each test of a block gives a mask of one bit per
// byte.
constexpr std::size_t block_size = 64;
using Block = unsigned char __attribute__((ext_vector_type(block_size)));
using Answer = bool __attribute__((ext_vector_type(block_size)));

std::uint64_t where_is(const Block& block, unsigned char byte) {
  return std::bit_cast<std::uint64_t>(__builtin_convertvector(block == byte, Answer));
}

/// Finds `byte` and the byte without the bit in which '{' and '[', and '}' and ']', differ.
std::uint64_t where_is_either(const Block& block, unsigned char byte) {
  constexpr unsigned char bit = '{' - '[';
  return std::bit_cast<std::uint64_t>(__builtin_convertvector((block | bit) == byte, Answer));
}

/// A mask of the bytes that follow an unescaped backslash. `escaped`: on entry whether the first
/// byte is escaped, on return whether the byte after the last one is.
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

/// A mask of the bytes from each opening quote to before the closing one. `inside`: on entry
/// whether the first byte is within a string, on return whether the byte after the last one is.
std::uint64_t strings_by(std::uint64_t quotes, bool& inside) {
  for (unsigned shift = 1; shift < block_size; shift *= 2) quotes ^= quotes << shift;
  if (inside) quotes = ~quotes;
  inside = (quotes >> (block_size - 1)) != 0;
  return quotes;
}

/// Returns the end of the bracket at which `depth` reaches `down_to`; nullopt if none of the block
/// does.
std::optional<std::size_t> end_among(std::uint64_t opening, std::uint64_t closing,
                                     std::size_t& depth, std::size_t down_to) {
  // Most blocks have too few closing brackets for that.
  const auto closed = static_cast<std::size_t>(std::popcount(closing));
  if (closed < depth - down_to) {
    depth += static_cast<std::size_t>(std::popcount(opening)) - closed;
    return std::nullopt;
  }
  for (std::uint64_t brackets = opening | closing; brackets != 0; brackets &= brackets - 1) {
    const auto at = static_cast<std::size_t>(std::countr_zero(brackets));
    if (((opening >> at) & 1U) != 0) {
      ++depth;
    } else if (--depth == down_to) {
      return at + 1;
    }
  }
  return std::nullopt;
}

std::uint32_t end_of(std::string_view text) {
  std::uint32_t end = 0;
  if (text.size() < sizeof(end)) return end;
  std::memcpy(&end, text.data() + text.size() - sizeof(end), sizeof(end));
  return end;
}

bool is_any_of(std::span<const LeftOut> all, std::string_view before) {
  const std::uint32_t end = end_of(before);
  return std::ranges::any_of(all, [&](const LeftOut& one) {
    if (one.end != end || !before.ends_with(one.written)) return false;
    const std::string_view rest = before.substr(0, before.size() - one.written.size());
    return !rest.empty() && rest.back() != '\\';  // Otherwise it ends a longer key.
  });
}

/// The first bracket of the block that opens an array to leave out; block_size if none does.
std::size_t first_left_out(std::uint64_t brackets, std::string_view bytes, std::size_t from,
                           std::span<const LeftOut> all) {
  for (; brackets != 0; brackets &= brackets - 1) {
    const auto at = static_cast<std::size_t>(std::countr_zero(brackets));
    if (is_any_of(all, bytes.substr(0, from + at))) return at;
  }
  return block_size;
}

}  // namespace

/// Returns the number of bytes up to the next boundary: the end of the item, where the depth is 0,
/// or the beginning or end of an array to leave out; all bytes if there is none. Compiled for
/// several kinds of processors; the right version is chosen at load time, which is too early for
/// the thread sanitizer.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
[[gnu::target_clones("avx512bw", "avx2", "default")]]
#endif
std::size_t JsonScan::pass(std::string_view bytes, std::span<const LeftOut> left_out) {
  const std::size_t down_to = outer_depth;
  const bool looks = down_to == 0 && !left_out.empty();
  for (std::size_t from = 0; from < bytes.size(); from += block_size) {
    const std::size_t size = std::min(bytes.size() - from, block_size);
    Block block{};  // Zeroes after the bytes.
    if (size == block_size) {
      std::memcpy(&block, bytes.data() + from, block_size);
    } else {
      std::memcpy(&block, bytes.data() + from, size);
    }
    const std::uint64_t escaped_bytes = escaped_by(where_is(block, '\\'), size, escaped);
    const std::uint64_t quotes = where_is(block, '"') & ~escaped_bytes;
    const std::uint64_t strings = strings_by(quotes, in_string);
    std::uint64_t opening = where_is_either(block, '{') & ~strings;
    std::uint64_t closing = where_is_either(block, '}') & ~strings;
    std::size_t found = block_size;
    if (looks) {
      found = first_left_out(where_is(block, '[') & ~strings, bytes, from, left_out);
      const std::uint64_t before =
          found < block_size ? (std::uint64_t{1} << found) - 1 : ~std::uint64_t{0};
      opening &= before;
      closing &= before;
    }
    if (const auto end = end_among(opening, closing, depth, down_to)) {
      *this = {.depth = depth, .in_string = false, .escaped = false, .outer_depth = 0};
      return from + *end;
    }
    if (found < block_size) {
      *this = {.depth = depth + 1, .in_string = false, .escaped = false, .outer_depth = depth};
      return from + found + 1;
    }
  }
  return bytes.size();
}

LeftOut::LeftOut(std::string_view key)
    : written(fmt::format("\"{}\":", key)), end(end_of(written)) {}

void JsonSplitter::leave_out(std::span<const std::string_view> keys) {
  left_out_ = std::vector<LeftOut>(keys.begin(), keys.end());
}

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
    if (scan_.depth == 0) {
      auto skipped = skip_between(bytes);
      if (!skipped) return skipped;
      between_ += *skipped;
      if (between_ > budget::gap_bytes) {
        return malformed(fmt::format("there are more than {} bytes between two items of the answer",
                                     budget::gap_bytes));
      }
      bytes.remove_prefix(*skipped);
      if (bytes.empty() || closed()) break;
    }
    const bool left_out = scan_.outer_depth > 0;
    const std::size_t size = scan_.pass(bytes, left_out_);
    if (!left_out) {
      auto taken = take(bytes, size, sink);
      if (!taken) return fail(std::move(taken.error()));
    } else {
      left_ += size;
      if (left_ > max_item_) return too_large();
      if (scan_.outer_depth == 0) item_ += ']';
    }
    bytes.remove_prefix(size);
  }
  return given - bytes.size();
}

/// Skips what may stand between items. Stops at the first byte of the next item, and after the last
/// one.
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
    } else if (where_ == Where::between && c == ']' && !item_due_) {
      where_ = Where::after_array;
      return at + 1;
    } else if (where_ == Where::between && c == ',' && comma_due_) {
      comma_due_ = false;
      item_due_ = true;
    } else if (where_ == Where::between && c == '{' && !comma_due_) {
      item_due_ = false;
      return at;
    } else {
      return malformed("the answer is not a JSON array of objects");
    }
  }
  return bytes.size();
}

std::unexpected<RuntimeError> JsonSplitter::too_large() const {
  return malformed(fmt::format("an item of the answer is larger than {} bytes", max_item_));
}

/// Takes the first `size` bytes, which continue or complete the item.
Result<void> JsonSplitter::take(std::string_view bytes, std::size_t size, const Sink& sink) {
  if (item_.size() + size > max_item_) return too_large();
  const bool complete = scan_.depth == 0;
  if (complete) between_ = left_ = 0;
  // An item that lies whole in the input, with enough bytes after it, is not copied.
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
  if (scan_.depth != 0) return malformed("the answer ends in the middle of an object");
  if (shape_ == Shape::array && where_ != Where::after_array) {
    return malformed("the answer ends in the middle of a list");
  }
  return {};
}

}  // namespace rollcall
