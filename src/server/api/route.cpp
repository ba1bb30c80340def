#include "server/api/route.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text/suggest.hpp"
#include "core/text/text.hpp"

namespace rollcall::server {
namespace {

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

std::optional<Match> match(const Route& route, const RequestTarget& target) {
  const std::vector<std::string_view> pattern = segments_of(route.path);
  if (pattern.size() != target.segments.size()) return std::nullopt;
  Match found{.route = &route, .values = {}};
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::string& segment = target.segments[i];
    if (pattern[i].starts_with('{')) {
      if (segment.empty()) return std::nullopt;
      found.values.emplace(pattern[i].substr(1, pattern[i].size() - 2), segment);
    } else if (pattern[i] != segment) {
      return std::nullopt;
    }
  }
  return found;
}

}  // namespace

std::string_view to_string(Parameter::In in) noexcept {
  switch (in) {
    case Parameter::In::path:
      return "path";
    case Parameter::In::query:
      return "query";
    case Parameter::In::header:
      break;
  }
  return "header";
}

std::vector<std::string> Question::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : target.query) {
    if (key == name) values.push_back(value);
  }
  return values;
}

std::optional<Match> find_route(std::span<const Route> routes, const RequestTarget& target) {
  std::optional<Match> best;
  for (const Route& route : routes) {
    auto found = match(route, target);
    if (found && (!best || found->values.size() < best->values.size())) best = std::move(found);
  }
  return best;
}

std::vector<std::string> names_of(const Route& route, Parameter::In in) {
  std::vector<std::string> names;
  for (const Parameter& parameter : route.parameters) {
    if (parameter.in == in) names.emplace_back(parameter.name);
  }
  return names;
}

std::optional<std::string> wrong_parameters(const Route& route, const RequestTarget& target) {
  const std::vector<std::string> known = names_of(route, Parameter::In::query);
  std::set<std::string_view> seen;
  for (const auto& [name, value] : target.query) {
    const auto at = std::ranges::find_if(route.parameters, [&name](const Parameter& parameter) {
      return parameter.in == Parameter::In::query && parameter.name == name;
    });
    if (at == route.parameters.end()) {
      if (known.empty()) {
        return fmt::format("{} takes no parameters, and '{}' is one", route.path, excerpt(name));
      }
      return fmt::format("there is no parameter '{}'{} (there are {})", excerpt(name),
                         suggestion(name, known), fmt::join(known, ", "));
    }
    if (!seen.insert(at->name).second && !at->repeatable) {
      return fmt::format("the parameter '{}' is given twice", name);
    }
  }
  return std::nullopt;
}

}  // namespace rollcall::server
