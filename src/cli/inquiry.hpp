// Asking all engines once, for the commands that show what runs now.
#pragma once

#include <optional>
#include <vector>

#include <rollcall/instance.hpp>
#include <rollcall/result.hpp>

#include "cli/cells.hpp"
#include "cli/console.hpp"
#include "cli/options.hpp"

namespace rollcall::cli {

/// One engine, and what it answered.
struct Inquiry {
  Target target;
  Result<std::vector<InstancePtr>> answer;
  std::optional<RuntimeBackendKind> runtime{};  ///< The one that answered.
};

/// Asks all engines side by side, and then the host, which leaves out what another has listed.
std::vector<Inquiry> ask_all(const Options& options, Console& console);

/// Says what failed, as far as the user should know, and decides the exit code.
int report_failures(const std::vector<Inquiry>& inquiries, Console& console);

/// Whether every engine that is there answered.
bool all_answered(const std::vector<Inquiry>& inquiries);

/// Takes the instances out of all answers: each once, also where two of them are one engine, by
/// key.
std::vector<InstancePtr> collect(std::vector<Inquiry>& inquiries);

/// `by_key` is sorted, and outlives what is returned.
NameOf names_among(const std::vector<InstancePtr>& by_key);

}  // namespace rollcall::cli
