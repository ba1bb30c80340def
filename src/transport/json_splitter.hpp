// Cuts a stream of JSON into its items while it arrives, so that a big list is never held as a
// whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/result.hpp>

namespace rollcall {

/// Arrays of which nothing is of use.
struct LeftOut {
  explicit LeftOut(std::string_view key);
  std::string written;    ///< What stands before their bracket.
  std::uint32_t end = 0;  ///< The last bytes of that, by which most others are told apart.
};

/// Where in an object a scan is.
struct JsonScan {
  std::size_t depth = 0;
  bool in_string = false;
  bool escaped = false;
  std::size_t outer_depth = 0;  ///< Of what is left out, while that is passed.

  std::size_t pass(std::string_view bytes, std::span<const LeftOut> left_out = {});
};

/// Finds the boundaries of items by brackets and strings alone: what is inside is for the decoder
/// to judge.
class JsonSplitter {
 public:
  enum class Shape : std::uint8_t {
    array,   ///< One array: its elements, which must be objects, are the items.
    stream,  ///< Objects one after the other, with white space or nothing between.
  };

  /// Bytes after an item that a decoder may read.
  static constexpr std::size_t padding = 64;
  static constexpr std::size_t default_max_item = std::size_t{16} << 20U;

  /// Takes one item. It is valid during the call, and `padding` bytes after it may be read.
  using Sink = std::function<Result<void>(std::string_view item)>;

  explicit JsonSplitter(Shape shape, std::size_t max_item = default_max_item)
      : shape_(shape), max_item_(max_item) {}

  /// Empties the arrays of these keys, at whatever depth, before an item is handed on. One whose
  /// key is cut by the end of the bytes that are fed, or not followed by ":[" at once, stays.
  void leave_out(std::span<const std::string_view> keys);

  /// Takes the next bytes, cut anywhere, and calls `sink` for each item that they complete.
  ///
  /// Errors: protocol, for what is not of the shape or an item larger than the bound; the sink's
  /// own.
  [[nodiscard]] Result<void> feed(std::string_view bytes, const Sink& sink);

  /// The same, for an array within something else: takes no more than the bracket that closes it,
  /// and returns how many bytes that were.
  [[nodiscard]] Result<std::size_t> feed_some(std::string_view bytes, const Sink& sink);

  /// Whether the array is closed.
  [[nodiscard]] bool closed() const noexcept { return where_ == Where::after_array; }

  /// Says whether the input may end here: the array is closed, no object is half read.
  [[nodiscard]] Result<void> finish() const;

 private:
  enum class Where : std::uint8_t { before_array, between, after_array };

  Result<std::size_t> skip_between(std::string_view bytes);
  Result<void> take(std::string_view bytes, std::size_t size, const Sink& sink);

  Shape shape_;
  std::size_t max_item_;
  Where where_ = Where::before_array;
  bool comma_due_ = false;
  std::vector<LeftOut> left_out_;
  JsonScan scan_;
  std::string item_;  // what has come of an item that is not complete
};

}  // namespace rollcall
