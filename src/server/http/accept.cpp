#include "server/http/accept.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>
#include <vector>

#include "core/text/ascii.hpp"

namespace rollcall::server {
namespace {

/// The parts between separators.
std::vector<std::string_view> parts_of(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(trimmed(text.substr(0, end)));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

/// "text/html;q=0.8"
struct Choice {
  std::string name;
  double quality = 1;
};

std::vector<Choice> choices_in(std::string_view header) {
  std::vector<Choice> choices;
  for (const std::string_view part : parts_of(header, ',')) {
    const std::vector<std::string_view> words = parts_of(part, ';');
    if (words.front().empty()) continue;
    Choice choice{.name = lower_case(words.front())};
    for (const std::string_view word : words) {
      if (!lower_case(word).starts_with("q=")) continue;
      const std::string_view number = word.substr(2);
      std::from_chars(number.data(), number.data() + number.size(), choice.quality);
    }
    choices.push_back(std::move(choice));
  }
  return choices;
}

/// The client's preference for a type, from the most specific range that matches it.
double quality_of(std::string_view type, const std::vector<Choice>& choices) {
  const std::string family = std::string(type.substr(0, type.find('/'))) + "/*";
  for (const std::string_view name : {type, std::string_view(family), std::string_view("*/*")}) {
    const auto at = std::ranges::find(choices, name, &Choice::name);
    if (at != choices.end()) return at->quality;
  }
  return 0;
}

}  // namespace

std::optional<std::string_view> preferred(std::string_view accept,
                                          std::span<const std::string_view> offered) {
  const std::vector<Choice> choices = choices_in(accept);
  if (choices.empty()) return offered.front();
  std::optional<std::string_view> best;
  double best_quality = 0;
  for (const std::string_view type : offered) {
    const double quality = quality_of(type, choices);
    if (quality <= best_quality) continue;
    best = type;
    best_quality = quality;
  }
  return best;
}

bool accepts_gzip(std::string_view accept_encoding) {
  for (const Choice& choice : choices_in(accept_encoding)) {
    if (choice.name == "gzip" || choice.name == "x-gzip" || choice.name == "*") {
      return choice.quality > 0;
    }
  }
  return false;
}

bool names_tag(std::string_view if_none_match, std::string_view tag) {
  const auto strong = [](std::string_view text) {
    if (text.starts_with("W/")) text.remove_prefix(2);
    return text;
  };
  return std::ranges::any_of(parts_of(if_none_match, ','), [&](std::string_view one) {
    return one == "*" || (!one.empty() && strong(one) == strong(tag));
  });
}

}  // namespace rollcall::server
