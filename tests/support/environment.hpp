// A private set of environment variables for a test.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <rollcall/config.hpp>

namespace rollcall::support {

/// An environment with only these variables.
inline Getenv variables(std::map<std::string, std::string, std::less<>> all) {
  return [all = std::move(all)](std::string_view name) -> std::optional<std::string> {
    const auto at = all.find(name);
    return at == all.end() ? std::nullopt : std::optional(at->second);
  };
}

}  // namespace rollcall::support
