// Splits an object with one long array member, {"kind":…,"items":[…]}, while it arrives.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <rollcall/result.hpp>

#include "transport/splitters/json_splitter.hpp"

namespace rollcall {

/// Passes on the elements of the array, whatever the order of the members, and keeps all other
/// bytes.
class EnvelopeSplitter {
 public:
  /// `key` names the array. `not_one` is the error text for an answer that is no such object. Both
  /// must outlive the splitter.
  EnvelopeSplitter(std::string_view key, std::string_view not_one) : key_(key), not_one_(not_one) {}

  /// Applies JsonSplitter::leave_out to the elements.
  void leave_out(std::span<const std::string_view> keys) { items_.leave_out(keys); }

  /// Takes the next bytes, cut anywhere. For `sink` and its items see JsonSplitter.
  ///
  /// Errors: protocol, for bytes that are no such object or hold more than 64 KiB beside the array;
  /// the sink's own.
  [[nodiscard]] Result<void> feed(std::string_view bytes, const JsonSplitter::Sink& sink);

  /// Ends the answer. Returns the object with [] in place of the array, valid for the life of the
  /// splitter and followed by JsonSplitter::padding readable bytes. The caller must check its
  /// contents.
  ///
  /// Errors: protocol, if the answer may not end here.
  [[nodiscard]] Result<std::string_view> finish();

  /// Whether the array was there.
  [[nodiscard]] bool has_array() const noexcept { return has_array_; }

 private:
  [[nodiscard]] bool take(char c);
  [[nodiscard]] std::unexpected<RuntimeError> not_one() const;

  std::string_view key_;
  std::string_view not_one_;
  JsonSplitter items_{JsonSplitter::Shape::array};
  bool in_array_ = false;
  bool has_array_ = false;
  std::string rest_;  // The object without the elements.
  std::size_t depth_ = 0;
  bool in_text_ = false;
  bool escaped_ = false;
  std::string text_;  // The last complete string at depth 1: when a value begins, this is its key.
};

}  // namespace rollcall
