// What `rollcall ls` prints. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <rollcall/instance.hpp>

#include "cli/command_line/options.hpp"
#include "cli/view/format.hpp"

namespace rollcall::cli {

/// Sorts by the key, then by name; by age, the youngest first and unknown ages last.
void sort_instances(std::vector<InstancePtr>& instances, SortKey key);

/// The instances in the form that the options ask for. Tables are cut to `width` columns, if it is
/// not 0.
std::string list_view(const std::vector<InstancePtr>& instances, const Options& options,
                      const FormatContext& context, std::size_t width, bool colour);

}  // namespace rollcall::cli
