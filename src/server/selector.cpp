#include "server/selector.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include "core/ascii.hpp"
#include "core/text.hpp"

namespace rollcall::server {
namespace {

/// Where the requirement at the beginning ends: at a comma that is in no brackets.
std::size_t end_of_first(std::string_view text) {
  bool within = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') within = true;
    if (text[i] == ')') within = false;
    if (text[i] == ',' && !within) return i;
  }
  return text.size();
}

std::vector<std::string> values_in(std::string_view list) {
  std::vector<std::string> values;
  for (;;) {
    const std::size_t comma = std::min(list.find(','), list.size());
    values.emplace_back(trimmed(list.substr(0, comma)));
    if (comma == list.size()) return values;
    list.remove_prefix(comma + 1);
  }
}

std::unexpected<std::string> unclear(std::string_view text) {
  return std::unexpected(
      fmt::format("'{}' is no requirement of a label selector: write app, !app, app=web, app!=web, "
                  "app in (web,api) or app notin (web,api)",
                  excerpt(text)));
}

bool is_key(std::string_view text) {
  return !text.empty() && text.find_first_of(" \t()=!,") == std::string_view::npos;
}

}  // namespace

std::expected<Selector::Requirement, std::string> Selector::parse_one(std::string_view text) {
  Requirement out;
  std::string_view key = text;
  if (const std::size_t equals = text.find('='); equals != std::string_view::npos) {
    const bool negated = equals > 0 && text[equals - 1] == '!';
    key = trimmed(text.substr(0, negated ? equals - 1 : equals));
    std::string_view value = text.substr(equals + 1);
    if (!negated && value.starts_with('=')) value.remove_prefix(1);
    out.operation = negated ? Operation::none_of : Operation::one_of;
    out.values.emplace_back(trimmed(value));
  } else if (text.ends_with(')')) {
    const std::size_t open = text.find('(');
    if (open == std::string_view::npos) return unclear(text);
    const std::string_view before = trimmed(text.substr(0, open));
    const std::size_t blank = before.find_last_of(" \t");
    if (blank == std::string_view::npos) return unclear(text);
    const std::string_view word = before.substr(blank + 1);
    if (word != "in" && word != "notin") return unclear(text);
    key = trimmed(before.substr(0, blank));
    out.operation = word == "in" ? Operation::one_of : Operation::none_of;
    out.values = values_in(text.substr(open + 1, text.size() - open - 2));
  } else if (text.starts_with('!')) {
    key = trimmed(text.substr(1));
    out.operation = Operation::absent;
  }
  if (!is_key(key)) return unclear(text);
  out.key = key;
  return out;
}

std::expected<Selector, std::string> Selector::parse(std::string_view text) {
  Selector selector;
  while (!trimmed(text).empty()) {
    const std::size_t end = end_of_first(text);
    auto one = parse_one(trimmed(text.substr(0, end)));
    if (!one) return std::unexpected(std::move(one.error()));
    selector.requirements_.push_back(std::move(*one));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return selector;
}

bool Selector::matches(const Labels& labels) const {
  return std::ranges::all_of(requirements_, [&](const Requirement& wanted) {
    const auto found = labels.find(wanted.key);
    switch (wanted.operation) {
      case Operation::exists:
        return found.has_value();
      case Operation::absent:
        return !found.has_value();
      case Operation::one_of:
        return found && std::ranges::find(wanted.values, *found) != wanted.values.end();
      case Operation::none_of:
        return !found || std::ranges::find(wanted.values, *found) == wanted.values.end();
    }
    return false;
  });
}

}  // namespace rollcall::server
