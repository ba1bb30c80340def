// The JSON texts of instances and changes: made once, and shared by all clients.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "engine/change_log.hpp"
#include "engine/hub.hpp"
#include "server/api/answers.hpp"
#include "server/api/selection.hpp"
#include "server/http/reply.hpp"

namespace rollcall::server {

/// Adds "complete" to the object, and "stale" if the instances of any engine are unknown, with
/// {"backend","endpoint","since","reason","named","never"|"dropped"} for each.
void add_unknown(boost::json::object& out, const std::vector<UnknownEngine>& unknown);

/// {"cursor":"7-12","complete":true,"stale":[…],"instances":[…]} and a new line. "stale" holds the
/// entries of add_unknown(), and {"backend","endpoint","since","reason"} for each engine that is
/// away while its instances are shown; it is absent if it would be empty. Returns nothing if the
/// text passes `most` bytes before its last instance.
[[nodiscard]] std::optional<std::string> list_text(const View& view, const Selection& selection,
                                                   const Fields& fields,
                                                   std::size_t most = SIZE_MAX);

/// The complete list, kept until something changes. Only its earlier versions count among the
/// answers that are being read.
class ListTexts {
 public:
  /// Lifetime: the answers outlive it.
  explicit ListTexts(Answers& answers) : answers_(answers) {}

  /// Null: too many earlier versions are still being read.
  [[nodiscard]] HeldText plain(const ViewPtr& view);
  [[nodiscard]] HeldText gzipped(const ViewPtr& view);

 private:
  [[nodiscard]] bool turn_to(const ViewPtr& view);

  Answers& answers_;
  ViewPtr of_;
  HeldText plain_;
  HeldText gzipped_;
  std::size_t size_ = 0;  // of the latest version's texts
};

/// One change: {"cursor":"7-13","type":"started",…}, with the members of core/json.hpp.
[[nodiscard]] std::string change_text(const LogEntry& entry, std::uint64_t epoch);

/// The texts of the latest changes, each built when the first subscriber needs it.
class ChangeTexts {
 public:
  explicit ChangeTexts(std::size_t most_bytes = budget::change_texts_bytes)
      : most_bytes_(most_bytes) {}

  /// "id: 7-13\nevent: started\ndata: {…}\n\n", of which line_in() is the part that a stream of
  /// JSON Lines sends.
  [[nodiscard]] SharedText frame(const LogEntry& entry, std::uint64_t epoch);

  /// "{…}\n"
  [[nodiscard]] static std::string_view line_in(std::string_view frame);

  /// The line as a text of its own, shared by all streams that send this change alone.
  [[nodiscard]] SharedText line(const LogEntry& entry, std::uint64_t epoch);

 private:
  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::uint64_t first_ = 0;  // sequence of the front
  std::deque<SharedText> frames_;
  std::uint64_t line_of_ = 0;  // the sequence of the last line that was made
  SharedText line_;
};

}  // namespace rollcall::server
