// `rollcall ls`: asks all engines in parallel, once, and then the host.
#include <algorithm>
#include <forward_list>
#include <iterator>
#include <utility>

#include "cli/ask_engines.hpp"
#include "cli/commands.hpp"
#include "cli/list_view.hpp"
#include "core/async/env.hpp"

namespace rollcall::cli {
namespace {

std::string_view nothing_to_show(const Options& options) {
  if (!options.filters.empty()) return "nothing matches the filters";
  if (options.all) return "nothing runs, and nothing has ended";
  return "nothing runs; `rollcall ls --all` shows what has ended";
}

/// Never freed: freeing a hundred thousand instances one by one takes 50 ms before the end.
std::vector<InstancePtr>& keep(std::vector<InstancePtr> instances) {
  static auto& kept = *new std::forward_list<std::vector<InstancePtr>>();
  return kept.emplace_front(std::move(instances));
}

std::vector<InstancePtr> those_that_match(const std::vector<InstancePtr>& all,
                                          const Filters& filters) {
  std::vector<InstancePtr> matching;
  std::ranges::copy_if(all, std::back_inserter(matching),
                       [&](const InstancePtr& i) { return filters.matches(*i); });
  return matching;
}

}  // namespace

int list(const Options& options, Console& console) {
  std::vector<AskedEngine> asked_engines = ask_all(options, console);
  const int code = report_failures(asked_engines, console);
  const bool answered =
      std::ranges::any_of(asked_engines, [](const AskedEngine& i) { return i.answer.has_value(); });
  if (!answered) return code;

  std::vector<InstancePtr>& all = keep(collect(asked_engines));
  std::vector<InstancePtr>& instances =
      options.filters.empty() ? all : keep(those_that_match(all, options.filters));
  sort_instances(instances, options.sort);
  keep_one_of_neighbours(instances);
  const FormatContext context{.now = system_env()->now(),
                              .detail = options.no_trunc ? Detail::full : Detail::shortened,
                              .name_of = names_among(all)};
  // Only a table for a person at a terminal is cut to fit.
  const bool fits = options.output == Output::table && !options.no_trunc;
  console.print(
      list_view(instances, options, context, fits ? console.width() : 0, console.colour()));
  if (instances.empty() && console.interactive()) {
    console.note(nothing_to_show(options));
  }
  return code;
}

}  // namespace rollcall::cli
