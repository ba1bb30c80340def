// Diagnoses the path of a Unix socket that does not answer.
#pragma once

#include <optional>
#include <string>

#include <rollcall/error.hpp>

namespace rollcall {

struct PlaceFault {
  ConnectFault fault{};
  std::string what;
  std::string remedy;
};

/// Finds out why connecting to the path failed with this errno: a directory or a file instead of a
/// socket, a broken link, a directory that may not be entered. Returns nullopt if the error already
/// says everything.
std::optional<PlaceFault> socket_place_fault(const std::string& path, int error);

}  // namespace rollcall
