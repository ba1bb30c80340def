// Reads the few environment variables of a container that tools use as labels, if the user asked
// for them. Pure.
#pragma once

#include <string_view>

#include <rollcall/instance.hpp>

#include "core/masking.hpp"

namespace rollcall::docker_api {

/// The variables in an inspect's answer that rollcall::may_be_read allows. All others are skipped
/// without a copy. Secrets in the values are masked.
Labels readable_environment(std::string_view inspect, const Masker& masker = Masker());

/// Adds the variables to the labels of an instance; existing labels win.
void apply_environment(Instance& instance, const Labels& environment);

}  // namespace rollcall::docker_api
