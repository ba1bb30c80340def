// The place of the host backend.
#pragma once

#include <string_view>
#include <vector>

#include <rollcall/config.hpp>
#include <rollcall/result.hpp>

#include "backends/place.hpp"

namespace rollcall::host {

inline constexpr std::string_view url = "file:///proc";

/// Returns the one place. Errors: invalid_config for any other endpoint.
Result<std::vector<Place>> places(const BackendOptions& options);

}  // namespace rollcall::host
