// Asking all engines once, for the commands that show what runs now.
#pragma once

#include <vector>

#include <rollcall/instance.hpp>
#include <rollcall/result.hpp>

#include "cli/command_line/options.hpp"
#include "cli/console.hpp"
#include "cli/view/instance_text.hpp"

namespace rollcall::cli {

/// One engine and its answer.
struct AskedEngine {
  SelectedEngine engine;
  Result<std::vector<InstancePtr>> answer;
};

/// Asks all engines side by side, and then the host, which leaves out what another has listed.
std::vector<AskedEngine> ask_all(const Options& options, Console& console);

/// Reports the failures that the user should know, and returns the exit code.
int report_failures(const std::vector<AskedEngine>& asked_engines, Console& console);

/// Whether every engine that exists answered.
bool all_answered(const std::vector<AskedEngine>& asked_engines);

/// Takes the instances out of all answers, unordered. An engine that answered twice counts once.
std::vector<InstancePtr> collect(std::vector<AskedEngine>& asked_engines);

/// Removes neighbours with equal keys: an engine may list an instance twice.
void keep_one_of_neighbours(std::vector<InstancePtr>& instances);

/// `all` outlives what is returned.
NameOf names_among(const std::vector<InstancePtr>& all);

}  // namespace rollcall::cli
