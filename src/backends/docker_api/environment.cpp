#include "backends/docker_api/environment.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/json/json_walk.hpp"
#include "core/labels/metadata.hpp"

namespace rollcall::docker_api {
namespace {

using simdjson::error_code;
using Value = simdjson::ondemand::value;
using Variables = std::vector<std::pair<std::string, std::string>>;

error_code read_variable(Value element, Variables& out) {
  std::string_view text;
  const auto error = json_walk::read_text(element, text);
  if (error != simdjson::SUCCESS) return error;
  const std::size_t equals = text.find('=');
  if (equals != std::string_view::npos && may_be_read(text.substr(0, equals))) {
    out.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return simdjson::SUCCESS;
}

}  // namespace

Labels readable_environment(std::string_view inspect, const Masker& masker) {
  const simdjson::padded_string json(inspect);
  json_walk::ObjectReader reader;
  Variables variables;
  // If the answer cannot be parsed, there are no variables.
  static_cast<void>(reader.read(json, [&](std::string_view key, Value value) {
    if (key != "Config") return simdjson::SUCCESS;
    return json_walk::each_field(value, [&](std::string_view field, Value child) {
      if (field != "Env") return simdjson::SUCCESS;
      return json_walk::each_element(
          child, [&](Value element) { return read_variable(element, variables); });
    });
  }));
  return masker.labels(std::vector<Labels::Entry>(variables.begin(), variables.end()));
}

void apply_environment(Instance& instance, const Labels& environment) {
  if (environment.empty()) return;
  MetadataReading reading = read_metadata(instance.labels, environment);
  instance.metadata = std::move(reading.metadata);
  for (Problem& problem : reading.problems) {
    // The same problem may be there from a label already.
    const bool known = std::ranges::find(instance.problems, problem) != instance.problems.end();
    if (!known) instance.problems.push_back(std::move(problem));
  }
  std::ranges::sort(instance.problems);
}

}  // namespace rollcall::docker_api
