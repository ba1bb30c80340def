// What many engines run now, asked once.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/config.hpp>
#include <rollcall/instance.hpp>
#include <rollcall/result.hpp>

#include "assembly/engine_choice.hpp"
#include "core/async/env.hpp"

namespace rollcall {

/// One engine, and what it answered.
struct EngineList {
  EngineChoice choice;
  std::string where;  ///< The engine in messages.
  Result<std::vector<InstancePtr>> instances{};
  std::optional<RuntimeBackendKind> runtime{};  ///< The one that answered.
};

/// Asks all engines in parallel, and then the host, which leaves out what another has listed. An
/// exception becomes an error of its engine. Blocks until all have answered, for at most `limit` in
/// each of the two rounds. `remedy`: for an engine that has not answered.
void list_engines(std::span<EngineList> engines, Duration limit, std::string_view remedy);

}  // namespace rollcall
