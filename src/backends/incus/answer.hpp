// The envelope around every answer of the API: {"type":"sync",…,"metadata":…}.
#pragma once

#include <string>
#include <string_view>

#include <rollcall/result.hpp>

#include "transport/splitters/envelope_splitter.hpp"

namespace rollcall::incus {

/// Reads a list: passes on each object of the array `metadata` while the answer arrives.
class ListAnswer {
 public:
  /// Takes the next bytes, cut anywhere. For `sink` and its items see JsonSplitter.
  ///
  /// Errors: protocol, for bytes that are no such envelope; the sink's own.
  [[nodiscard]] Result<void> feed(std::string_view bytes, const JsonSplitter::Sink& sink) {
    return envelope_.feed(bytes, sink);
  }

  /// Ends the answer. Errors: protocol, unless it is complete, of the type "sync", and has an array
  /// of `metadata`: only then does a list without items count as empty.
  [[nodiscard]] Result<void> finish();

 private:
  EnvelopeSplitter envelope_{"metadata", "the answer is no list of Incus' or LXD's API"};
};

/// Passes on the single object in `metadata`.
///
/// Errors: protocol, for a body that is no such envelope of the type "sync"; the sink's own.
[[nodiscard]] Result<void> read_object(std::string body, const JsonSplitter::Sink& sink);

/// The engine's error text, safe to print; the beginning of the body if it is no envelope.
std::string error_text(std::string_view body);

}  // namespace rollcall::incus
