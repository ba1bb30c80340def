// Events in words, one line each.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include <rollcall/event.hpp>
#include <rollcall/inventory.hpp>

#include "cli/view/instance_text.hpp"

namespace rollcall::cli {

/// The differences between two states of an instance: "health starting->healthy, ports
/// +8080->80/tcp".
std::string changes_text(const Instance& before, const Instance& after);

/// Writes events as lines, and keeps the columns in place as long as possible:
///
///     12:03:04  started       web   docker  nginx:1  172.17.0.2  8080->80/tcp  (initial)
///     12:03:09  updated       web   docker  health starting->healthy
///     12:04:00  disconnected  docker  unix:///run/docker.sock: the connection was cut
class EventLines {
 public:
  explicit EventLines(bool colour) : colour_(colour) {}

  /// The line, with its end. `known`: the inventory just before the event; `time` is "12:03:04".
  std::string line(const RuntimeEvent& event, const Inventory& known, const std::string& time);

 private:
  std::string instance_line(const Instance& instance, const std::string& rest, Cause cause);

  bool colour_;
  std::array<std::size_t, 2> widths_ = {12, 6};  // of the name and of the runtime; they only grow
};

}  // namespace rollcall::cli
