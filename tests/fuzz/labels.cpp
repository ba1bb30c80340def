// Fuzzes the label readers. The input has lines KEY=VALUE for labels, and $VARIABLE=VALUE for
// environment variables.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <boost/json/serialize.hpp>

#include "core/labels/metadata.hpp"
#include "core/labels/metadata_values.hpp"
#include "core/reach/explanation.hpp"
#include "core/text/text.hpp"
#include "holds.hpp"

namespace {

using namespace rollcall;
using fuzz::holds;

struct Input {
  std::vector<Labels::Entry> labels{};
  std::vector<Labels::Entry> environment{};
};

Input input_of(std::string_view text) {
  Input input;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool variable = line.starts_with('$');
    if (variable) line.remove_prefix(1);
    const std::size_t equals = std::min(line.find('='), line.size());
    const Labels::Entry entry{line.substr(0, equals),
                              line.substr(std::min(equals + 1, line.size()))};
    (variable ? input.environment : input.labels).push_back(entry);
  }
  return input;
}

void check_problems(const std::vector<Problem>& problems, const Labels& labels) {
  for (const Problem& problem : problems) {
    holds(problem.where.size() + problem.what.size() < 1500, "a problem is short");
    holds(printable(problem.what) == problem.what, "a problem can be shown");
    const auto value = labels.find(problem.where);
    holds(!value || problem.position <= value->size() + 1, "a problem points into the value");
  }
}

void check_values(const Metadata& metadata, const Labels& labels) {
  for (const MetadataValue& value : values_of(metadata)) {
    const bool known = value.source.starts_with("env ") || labels.find(value.source);
    holds(known, "the source of a value is a label");
  }
}

void check_derived(const Labels& labels, const MetadataReading& reading) {
  Instance instance;
  instance.state = InstanceState::running;
  instance.labels = labels;
  instance.metadata = reading.metadata;
  instance.problems = reading.problems;
  const auto shared = std::make_shared<const Instance>(std::move(instance));
  const Explanation explanation = explain(shared, {});
  holds(!boost::json::serialize(to_json(explanation)).empty(), "it can be written");
  const auto primary = std::ranges::count_if(
      explanation.services, [](const ExplainedService& s) { return s.service.primary; });
  holds(primary == (explanation.services.empty() ? 0 : 1), "one service is the primary one");
}

}  // namespace

// The name is libFuzzer's. NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Input input = input_of({reinterpret_cast<const char*>(data), size});
  const Labels labels(input.labels);
  const Labels environment(input.environment);
  const MetadataReading reading = read_metadata(labels, environment);
  const MetadataReading explained = explain_metadata(labels, environment);
  holds(reading.problems == explained.problems, "both readings have the same problems");
  const bool same = reading.metadata && explained.metadata
                        ? *reading.metadata == *explained.metadata
                        : reading.metadata == explained.metadata;
  holds(same, "both readings say the same");
  check_problems(reading.problems, labels);
  if (reading.metadata) check_values(*reading.metadata, labels);
  check_derived(labels, reading);
  return 0;
}
