// Splits a stream of JSON into items while it arrives, so that a long list is never held as a
// whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/result.hpp>

#include "core/budgets.hpp"

namespace rollcall {

/// The key of an array whose contents are not needed.
struct LeftOut {
  explicit LeftOut(std::string_view key);
  std::string written;    ///< The bytes up to its bracket.
  std::uint32_t end = 0;  ///< The last bytes of `written`: a quick first comparison.
};

/// The state of a scan through an object.
struct JsonScan {
  std::size_t depth = 0;
  bool in_string = false;
  bool escaped = false;
  std::size_t outer_depth = 0;  ///< The depth of the array that is being left out; 0: none is.

  std::size_t pass(std::string_view bytes, std::span<const LeftOut> left_out = {});
};

/// Finds the boundaries of items by brackets and strings alone. Whether an item is valid JSON is
/// for the decoder to check.
class JsonSplitter {
 public:
  enum class Shape : std::uint8_t {
    array,   ///< One array: its elements, which must be objects, are the items.
    stream,  ///< Objects one after the other, with white space or nothing between.
  };

  /// The number of bytes after an item that a decoder may read.
  static constexpr std::size_t padding = 64;
  static constexpr std::size_t default_max_item = budget::engine_item_bytes;

  /// Takes one item. It is valid during the call, and `padding` bytes after it may be read.
  using Sink = std::function<Result<void>(std::string_view item)>;

  explicit JsonSplitter(Shape shape, std::size_t max_item = default_max_item)
      : shape_(shape), max_item_(max_item) {}

  /// Empties the arrays of these keys, at any depth, before an item is passed on. An array is kept
  /// if its key is split between two inputs, or not followed directly by ":[".
  void leave_out(std::span<const std::string_view> keys);

  /// Takes the next bytes, cut anywhere, and calls `sink` for each item that they complete.
  ///
  /// Errors: protocol, for input of another shape, an item larger than the bound (arrays that are
  /// left out count, too), or too much between two items; the sink's own.
  [[nodiscard]] Result<void> feed(std::string_view bytes, const Sink& sink);

  /// The same for an array inside something else: takes nothing after the closing bracket, and
  /// returns how many bytes it took.
  [[nodiscard]] Result<std::size_t> feed_some(std::string_view bytes, const Sink& sink);

  /// Whether the array is closed.
  [[nodiscard]] bool closed() const noexcept { return where_ == Where::after_array; }

  /// Says whether the input may end here: the array is closed, no object is half read.
  [[nodiscard]] Result<void> finish() const;

 private:
  enum class Where : std::uint8_t { before_array, between, after_array };

  [[nodiscard]] std::unexpected<RuntimeError> too_large() const;
  Result<std::size_t> skip_between(std::string_view bytes);
  Result<void> take(std::string_view bytes, std::size_t size, const Sink& sink);

  Shape shape_;
  std::size_t max_item_;
  Where where_ = Where::before_array;
  bool comma_due_ = false;
  bool item_due_ = false;  // A comma was read.
  std::vector<LeftOut> left_out_;
  JsonScan scan_;
  std::string item_;         // The beginning of an incomplete item.
  std::size_t left_ = 0;     // Bytes of the item that were left out.
  std::size_t between_ = 0;  // Bytes since the last item.
};

}  // namespace rollcall
