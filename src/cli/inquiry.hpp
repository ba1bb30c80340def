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

/// Takes the instances out of all answers, in no order: each once where two of them are one engine.
std::vector<InstancePtr> collect(std::vector<Inquiry>& inquiries);

/// Leaves one of those that stand side by side and have one key: an engine may tell of one twice.
void keep_one_of_neighbours(std::vector<InstancePtr>& instances);

/// `all` outlives what is returned.
NameOf names_among(const std::vector<InstancePtr>& all);

}  // namespace rollcall::cli
