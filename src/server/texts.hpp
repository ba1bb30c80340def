// What is said of instances and of changes, in JSON: made once, and shared by all who ask.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "engine/change_log.hpp"
#include "engine/hub.hpp"
#include "server/reply.hpp"
#include "server/selection.hpp"

namespace rollcall::server {

/// {"cursor":"7-12","stale":[{"backend","endpoint","since","reason"}],"instances":[…]} and a new
/// line; `stale` is absent if all engines are watched.
[[nodiscard]] std::string list_text(const View& view, const Selection& selection,
                                    const Fields& fields);

/// The list of all, kept for as long as nothing changes.
class ListTexts {
 public:
  [[nodiscard]] SharedText plain(const ViewPtr& view);
  [[nodiscard]] SharedText gzipped(const ViewPtr& view);

 private:
  void forget_others(const ViewPtr& view);

  ViewPtr of_;
  SharedText plain_;
  SharedText gzipped_;
};

/// One change: {"cursor":"7-13","type":"started",…}, as in core/json.hpp, and what a backend tells
/// of itself with its endpoint.
[[nodiscard]] std::string change_text(const LogEntry& entry, std::uint64_t epoch);

/// The last changes as they are sent, each made when the first subscriber needs it.
class ChangeTexts {
 public:
  explicit ChangeTexts(std::size_t most_bytes = std::size_t{4} << 20U) : most_bytes_(most_bytes) {}

  /// "id: 7-13\nevent: started\ndata: {…}\n\n", of which line_in() is the part that a stream of
  /// JSON Lines sends.
  [[nodiscard]] SharedText frame(const LogEntry& entry, std::uint64_t epoch);

  /// "{…}\n"
  [[nodiscard]] static std::string_view line_in(std::string_view frame);

 private:
  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::uint64_t first_ = 0;  // sequence of the front
  std::deque<SharedText> frames_;
};

}  // namespace rollcall::server
