// The few variables of a container's environment that tools take for labels, where they are asked
// for. Pure.
#pragma once

#include <string_view>

#include <rollcall/instance.hpp>

namespace rollcall::docker_api {

/// Of the answer to an inspect the variables that rollcall::may_be_read allows. All others are
/// passed over, and no copy of them is made.
Labels readable_environment(std::string_view inspect);

/// Adds to an instance what the variables say, as the weakest of its labels.
void apply_environment(Instance& instance, const Labels& environment);

}  // namespace rollcall::docker_api
