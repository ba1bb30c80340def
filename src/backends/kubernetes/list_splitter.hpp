// Splits a list of the API, {"kind":…,"metadata":{…},"items":[…]}, while it arrives.
#pragma once

#include <string>
#include <string_view>

#include <rollcall/result.hpp>

#include "transport/splitters/envelope_splitter.hpp"

namespace rollcall::kubernetes {

/// The metadata of a list.
struct ListHead {
  std::string version;         ///< resourceVersion, at which a watch continues.
  std::string continue_token;  ///< Set unless this is the last page.
};

/// Fields that are not needed: the managers of fields, half of an object's bytes, and the
/// environment of containers.
inline constexpr std::string_view unused_keys[] = {"managedFields", "env"};

/// Passes on the items without unused fields, whatever the order of the list's fields.
class ListSplitter {
 public:
  ListSplitter() { envelope_.leave_out(unused_keys); }

  /// Takes the next bytes, cut anywhere. For `sink` and its items see JsonSplitter.
  ///
  /// Errors: protocol, for bytes that are no list; the sink's own.
  [[nodiscard]] Result<void> feed(std::string_view bytes, const JsonSplitter::Sink& sink) {
    return envelope_.feed(bytes, sink);
  }

  /// Ends the list. Errors: protocol, if it is incomplete or has no version.
  [[nodiscard]] Result<ListHead> finish();

 private:
  static constexpr std::string_view no_list = "the answer is no list of the Kubernetes API";
  EnvelopeSplitter envelope_{"items", no_list};
};

}  // namespace rollcall::kubernetes
