#include "backends/kubernetes/yaml_scalar.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <yaml-cpp/yaml.h>

#include "core/text/ascii.hpp"

namespace rollcall::kubernetes {
namespace {

constexpr std::array<std::string_view, 4> yes = {"y", "yes", "true", "on"};
constexpr std::array<std::string_view, 4> no = {"n", "no", "false", "off"};
constexpr std::string_view plain_tag = "?";
constexpr std::string_view core_tag = "tag:yaml.org,2002:";

bool has(const std::array<std::string_view, 4>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// Takes the leading digits; returns whether there were any.
bool take_digits(std::string_view& text) {
  const auto end = std::ranges::find_if_not(text, is_digit);
  const auto size = static_cast<std::size_t>(end - text.begin());
  text.remove_prefix(size);
  return size > 0;
}

bool take(std::string_view& text, std::string_view any_of) {
  const bool there = !text.empty() && any_of.contains(text.front());
  if (there) text.remove_prefix(1);
  return there;
}

bool is_decimal(std::string_view text) {
  const bool whole = take_digits(text);
  const bool fraction = take(text, ".") && take_digits(text);
  if (!whole && !fraction) return false;
  if (!take(text, "eE")) return text.empty();
  take(text, "+-");
  return take_digits(text) && text.empty();
}

bool is_of_base(std::string_view text, std::string_view prefix, std::string_view digits) {
  return text.size() > prefix.size() && lower_case(text).starts_with(prefix) &&
         text.substr(prefix.size()).find_first_not_of(digits) == std::string_view::npos;
}

}  // namespace

std::optional<bool> truth_of(std::string_view word) {
  const std::string lower = lower_case(word);
  std::string upper = lower;
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c; });
  const bool capital = !word.empty() && word.front() == upper.front() &&
                       word.substr(1) == std::string_view(lower).substr(1);
  if (word != lower && word != upper && !capital) return std::nullopt;
  if (has(yes, lower)) return true;
  if (has(no, lower)) return false;
  return std::nullopt;
}

bool is_number(std::string_view word) {
  if (word.empty() || !(is_digit(word.front()) || std::string_view("+-.").contains(word.front()))) {
    return false;
  }
  const std::string_view special = word.substr(std::min(word.find_first_not_of("+-"), word.size()));
  for (const std::string_view name : {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"}) {
    if (special == name) return true;
  }
  std::string digits(word);
  std::erase(digits, '_');
  std::string_view text = digits;
  take(text, "+-");
  return is_decimal(text) || is_of_base(text, "0x", "0123456789abcdefABCDEF") ||
         is_of_base(text, "0o", "01234567") || is_of_base(text, "0b", "01");
}

ScalarKind scalar_kind(const YAML::Node& scalar) {
  const std::string& tag = scalar.Tag();
  const std::string& word = scalar.Scalar();
  if (tag.starts_with(core_tag)) {
    const std::string_view name = std::string_view(tag).substr(core_tag.size());
    if (name == "bool") return truth_of(word) ? ScalarKind::truth : ScalarKind::text;
    return name == "int" || name == "float" ? ScalarKind::number : ScalarKind::text;
  }
  if (tag != plain_tag) return ScalarKind::text;
  if (truth_of(word)) return ScalarKind::truth;
  return is_number(word) ? ScalarKind::number : ScalarKind::text;
}

}  // namespace rollcall::kubernetes
