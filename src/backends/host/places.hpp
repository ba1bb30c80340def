// Where the host is: here.
#pragma once

#include <string_view>
#include <vector>

#include <rollcall/config.hpp>
#include <rollcall/result.hpp>

#include "backends/registry.hpp"

namespace rollcall::host {

inline constexpr std::string_view url = "file:///proc";

/// The one place. Errors: invalid_config for any other endpoint.
Result<std::vector<Place>> places(const BackendOptions& options);

}  // namespace rollcall::host
