// The envelope of every answer of the API: {"type":"sync",…,"metadata":…}, taken apart while it
// arrives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <rollcall/result.hpp>

#include "transport/json_splitter.hpp"

namespace rollcall::incus {

/// Hands on what `metadata` holds: each object of an array, or the one object that it is. Anything
/// else there, null too, is no item. What is beside it is passed over.
class AnswerSplitter {
 public:
  /// Takes the next bytes, cut anywhere; those of JsonSplitter hold for `sink` and its items.
  ///
  /// Errors: protocol, for what is no such envelope; the sink's own.
  [[nodiscard]] Result<void> feed(std::string_view bytes, const JsonSplitter::Sink& sink);

  /// Says whether the answer may end here.
  [[nodiscard]] Result<void> finish() const;

 private:
  [[nodiscard]] Result<void> take_outside(char c);
  void take_text(char c);
  [[nodiscard]] std::size_t end_of_items(std::string_view bytes);

  std::size_t depth_ = 0;
  bool begun_ = false;
  bool in_text_ = false;
  bool escaped_ = false;
  bool value_is_next_ = false;  // of `metadata`
  std::string text_;            // the last text of the envelope itself
  std::optional<JsonSplitter> items_;
  bool in_items_ = false;
};

/// What the engine says went wrong, made safe to print; of what is no envelope, its beginning.
std::string error_text(std::string_view body);

}  // namespace rollcall::incus
