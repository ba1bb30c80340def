// A list of the API, {"kind":…,"metadata":{…},"items":[…]}, taken apart while it arrives.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <rollcall/result.hpp>

#include "transport/json_splitter.hpp"

namespace rollcall::kubernetes {

/// What a list says of itself.
struct ListHead {
  std::string version;         ///< resourceVersion: from where a watch goes on.
  std::string continue_token;  ///< Of a page that is not the last.
};

/// Which client wrote which field of an object, half of its bytes, and the environment of
/// containers: of no use here.
inline constexpr std::string_view unused_keys[] = {"managedFields", "env"};

/// Hands on the items, without what is of no use, in whatever order the fields of the list come.
class ListSplitter {
 public:
  ListSplitter() { items_.leave_out(unused_keys); }

  /// Takes the next bytes, cut anywhere; what JsonSplitter says of `sink` and its items holds.
  ///
  /// Errors: protocol, for what is no list; the sink's own.
  [[nodiscard]] Result<void> feed(std::string_view bytes, const JsonSplitter::Sink& sink);

  /// The list is at its end. Errors: protocol, if it is not, or does not say what version it is.
  [[nodiscard]] Result<ListHead> finish();

 private:
  [[nodiscard]] bool take(char c);

  JsonSplitter items_{JsonSplitter::Shape::array};
  bool in_items_ = false;
  bool has_items_ = false;
  std::string rest_;  // all but the items
  std::size_t depth_ = 0;
  bool in_text_ = false;
  bool escaped_ = false;
  std::string text_;  // the last one at depth 1, when it is complete: a key, before its value comes
};

}  // namespace rollcall::kubernetes
