#include "support/every_document.hpp"

#include <memory>

#include <gtest/gtest.h>
#include <rollcall/event.hpp>
#include <rollcall/inventory.hpp>

#include "cli/view/document.hpp"
#include "cli/view/event_lines.hpp"
#include "cli/view/explain_view.hpp"
#include "cli/view/format.hpp"
#include "core/json/json.hpp"
#include "core/json/json_text.hpp"
#include "core/reach/explanation.hpp"
#include "documents/koi.hpp"
#include "documents/prometheus_sd.hpp"

namespace rollcall::test {

std::vector<std::pair<std::string, std::string>> every_document(const Instance& instance) {
  const auto shared = std::make_shared<const Instance>(instance);
  const std::vector<InstancePtr> all = {shared};
  const Explanation explanation = explain(shared, all);
  const cli::FormatContext context{
      .now = {},
      .detail = cli::Detail::full,
      .name_of = [](const InstanceKey&, const std::string&) { return std::string(); }};
  const auto format = cli::Format::parse(
      "{{.Name}} {{.Status}} {{.Reason}} {{.Image}} {{.Addresses}} {{.Ports}} {{.Group}} "
      "{{.Service}} {{.Node}} {{.Labels}} {{json .}}");
  Inventory known;
  cli::EventLines lines(false);
  const RuntimeEvent started = Started{shared, Cause::live};
  const RuntimeEvent stopped =
      Stopped{.id = instance.key.id, .name = instance.name, .last = shared};
  Instance before;
  before.key = instance.key;
  return {{"json", cli::json_document(all)},
          {"lines", cli::json_lines(all)},
          {"yaml", cli::yaml_document(all)},
          {"format", format->apply(instance, context)},
          {"explain", cli::explain_view(explanation, context, 0, false)},
          {"explain json", serialized(to_json(explanation))},
          {"started", json_text(started) + lines.line(started, known, "12:00:00")},
          {"stopped", json_text(stopped) + lines.line(stopped, known, "12:00:00")},
          {"changes", cli::changes_text(before, instance)},
          {"koi", server::koi_instances(all).value_or("")},
          {"http_sd", server::prometheus_targets(all, {}).text}};
}

void expect_no_planted_secret(const Instance& instance) {
  for (const auto& [name, text] : every_document(instance)) {
    EXPECT_EQ(text.find(planted), std::string::npos) << name << ": " << text;
  }
}

}  // namespace rollcall::test
