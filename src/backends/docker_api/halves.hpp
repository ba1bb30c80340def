// Containers that an engine fails to list, and that take all others with them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <rollcall/error.hpp>
#include <rollcall/task.hpp>

#include "backends/docker_api/api.hpp"

namespace rollcall::docker_api {

/// What the engine says instead of listing a container, by its id.
using Failed = std::map<std::string, RuntimeError>;

/// Asks for the containers of those ids alone.
using AskForIds = std::function<Task<ListOutcome>(std::vector<std::string> ids)>;

/// Asks for all of the ids, many at once, and where the engine fails in halves, until those that
/// make it fail are found. Each of `known` failed before, and is asked for alone; what was said of
/// it is kept, so that it does not change with each request.
///
/// Makes at most a few hundred requests that fail. What is left then counts as failed, too.
///
/// Errors: those of `ask`.
Task<Failed> ask_in_halves(std::vector<std::string> ids, Failed known, AskForIds ask);

}  // namespace rollcall::docker_api
