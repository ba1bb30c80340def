// `rollcall explain`: everything known about one instance, and why.
#include <algorithm>

#include <fmt/format.h>

#include "cli/ask_engines.hpp"
#include "cli/commands.hpp"
#include "cli/find_instance.hpp"
#include "cli/list_view.hpp"
#include "cli/view/document.hpp"
#include "cli/view/explain_view.hpp"
#include "core/async/env.hpp"

namespace rollcall::cli {

int explain(const Options& options, Console& console) {
  std::vector<AskedEngine> asked_engines = ask_all(options, console);
  const int code = report_failures(asked_engines, console);
  const bool answered =
      std::ranges::any_of(asked_engines, [](const AskedEngine& i) { return i.answer.has_value(); });
  if (!answered) return code;

  std::vector<InstancePtr> all = collect(asked_engines);
  sort_instances(all, SortKey::name);
  keep_one_of_neighbours(all);
  const std::vector<InstancePtr> found = find_instances(all, options.subject);
  if (found.empty()) {
    console.note(nothing_found(all, options.subject));
    return failure;
  }
  if (found.size() > 1) {
    console.note(
        fmt::format("'{}' may be one of these; name it by its id, or its engine by "
                    "--runtime or --endpoint",
                    options.subject));
    console.print(options.output == Output::json
                      ? indented_json(candidates_json(found))
                      : candidates_table(found, console.width(), console.colour()));
    return failure;
  }
  Explanation explanation = rollcall::explain(found.front(), all);
  explanation.label_is_partial = !options.selection.all || !all_answered(asked_engines);
  const FormatContext context{
      .now = system_env()->now(), .detail = Detail::full, .name_of = names_among(all)};
  console.print(options.output == Output::json
                    ? indented_json(to_json(explanation))
                    : explain_view(explanation, context, console.width(), console.colour()));
  return code;
}

}  // namespace rollcall::cli
