#include "core/selector.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include "core/budgets.hpp"
#include "core/deduplicate.hpp"
#include "core/text/ascii.hpp"
#include "core/text/numbers.hpp"
#include "core/text/text.hpp"

namespace rollcall {
namespace {

using Operation = Selector::Operation;
using Requirement = Selector::Requirement;

// ---- tokens

enum class Kind : std::uint8_t { end, word, comma, open, close, bang, comparison };

struct Token {
  Kind kind = Kind::end;
  std::string_view text;
};

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view blanks_and_signs = " \t\r\n=!(),<>";

Kind kind_of(char first, bool two) {
  switch (first) {
    case ',':
      return Kind::comma;
    case '(':
      return Kind::open;
    case ')':
      return Kind::close;
    case '!':
      return two ? Kind::comparison : Kind::bang;
    case '=':
    case '<':
    case '>':
      return Kind::comparison;
    default:
      return Kind::word;
  }
}

/// Takes the next token away; of signs the longest that is one.
Token take_token(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
  if (rest.empty()) return {};
  const bool two = rest.starts_with("==") || rest.starts_with("!=");
  std::size_t size = std::min(rest.find_first_of(blanks_and_signs), rest.size());
  if (size == 0) size = two ? 2 : 1;
  const Token token{kind_of(rest[0], two), rest.substr(0, size)};
  rest.remove_prefix(size);
  return token;
}

std::string shown(const Token& token) {
  return token.kind == Kind::end ? "the end" : fmt::format("'{}'", excerpt(token.text));
}

// ---- keys and values

constexpr std::size_t size_of_name = 63;
constexpr std::size_t size_of_prefix = 253;

/// What Kubernetes takes for a value that is not empty, and for a key's last part.
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= size_of_name && is_alphanumeric(text.front()) &&
         is_alphanumeric(text.back()) && std::ranges::all_of(text, [](char c) {
           return is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
         });
}

/// Whether it is a DNS name in small letters.
bool is_prefix(std::string_view text) {
  if (text.size() > size_of_prefix) return false;
  for (;;) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    const std::string_view label = text.substr(0, dot);
    if (label.empty() || label.starts_with('-') || label.ends_with('-')) return false;
    const auto allowed = [](char c) { return is_digit(c) || is_lower(c) || c == '-'; };
    if (!std::ranges::all_of(label, allowed)) return false;
    if (dot == text.size()) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_key(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return is_name(text);
  return is_prefix(text.substr(0, slash)) && is_name(text.substr(slash + 1));
}

/// A whole number of 64 bits, with a sign or without.
std::optional<std::int64_t> number_in(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  return whole_number<std::int64_t>(text);
}

// ---- the grammar

/// Reads requirement after requirement, to the letter as Kubernetes does: "in" and "notin" are
/// words as well wherever no operator can stand, and a list may have empty values.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), rest_(text) { step(); }

  [[nodiscard]] bool ended() const { return token_.kind == Kind::end; }

  /// One requirement, and the comma after it.
  std::expected<Requirement, std::string> take() {
    Requirement found;
    const bool absent = token_.kind == Kind::bang;
    if (absent) step();
    if (token_.kind != Kind::word) return wrong_token("a key");
    found.key = token_.text;
    if (!is_key(found.key)) return wrong_key(found.key);
    step();
    std::optional<std::string> error;
    if (absent) {
      found.operation = Operation::absent;
    } else if (token_.kind != Kind::end && token_.kind != Kind::comma) {
      error = take_comparison(found);
    }
    if (error) return std::unexpected(std::move(*error));
    return take_comma(std::move(found));
  }

 private:
  using Error = std::optional<std::string>;

  void step() { token_ = take_token(rest_); }

  std::expected<Requirement, std::string> take_comma(Requirement found) {
    if (token_.kind == Kind::end) return found;
    if (token_.kind != Kind::comma) return wrong_token("a comma or the end");
    step();
    if (token_.kind != Kind::word && token_.kind != Kind::bang) return wrong_token("a key");
    return found;
  }

  Error take_comparison(Requirement& found) {
    const std::string_view sign = token_.text;
    const bool is_sign = token_.kind == Kind::comparison;
    if (sign == "in" || sign == "notin") {
      found.operation = sign == "in" ? Operation::one_of : Operation::none_of;
      step();
      return take_list(found.values);
    }
    if (!is_sign) return wrong_token("=, !=, <, >, in or notin").error();
    found.operation = sign == "!=" ? Operation::none_of : Operation::one_of;
    step();
    std::string value;
    if (token_.kind == Kind::word) {
      value = token_.text;
      step();
    } else if (token_.kind != Kind::end && token_.kind != Kind::comma) {
      return wrong_token("a value").error();
    }
    if (sign != "<" && sign != ">") return put(found.values, value);
    found.operation = sign == "<" ? Operation::less : Operation::greater;
    const auto bound = is_name(value) ? number_in(value) : std::nullopt;
    if (!bound)
      return wrong(fmt::format("'{}' is no whole number to compare with", excerpt(value)));
    found.bound = *bound;
    return std::nullopt;
  }

  /// "(a,b)". One comma at its beginning or end, and two together, stand for an empty value.
  Error take_list(std::vector<std::string>& values) {
    if (token_.kind != Kind::open) return wrong_token("'('").error();
    step();
    if (token_.kind == Kind::close) values.emplace_back();
    while (token_.kind != Kind::close) {
      const bool comma = token_.kind == Kind::comma;
      if (!comma && token_.kind != Kind::word) return wrong_token("a value or ')'").error();
      if (auto error = comma ? take_comma_of_list(values) : take_value_of_list(values))
        return error;
    }
    step();
    sort_and_deduplicate(values);
    return std::nullopt;
  }

  Error take_value_of_list(std::vector<std::string>& values) {
    if (auto error = put(values, token_.text)) return error;
    step();
    if (token_.kind == Kind::comma || token_.kind == Kind::close) return std::nullopt;
    return wrong_token("',' or ')'").error();
  }

  Error take_comma_of_list(std::vector<std::string>& values) {
    if (values.empty()) values.emplace_back();
    step();
    if (token_.kind == Kind::close) values.emplace_back();
    if (token_.kind != Kind::comma) return std::nullopt;
    values.emplace_back();
    step();
    if (token_.kind != Kind::close) return std::nullopt;
    return wrong_token("a value behind two commas").error();
  }

  Error put(std::vector<std::string>& values, std::string_view value) {
    if (!value.empty() && !is_name(value)) {
      return wrong(
          fmt::format("the value '{}' is none that a selector can ask for (at most 63 letters, "
                      "digits, '-', '_' and '.', with a letter or digit at both ends): the filter "
                      "label=KEY=VALUE asks for any text",
                      excerpt(value)));
    }
    values.emplace_back(value);
    return std::nullopt;
  }

  [[nodiscard]] std::unexpected<std::string> wrong_key(std::string_view key) const {
    return std::unexpected(wrong(
        fmt::format("the key '{}' is none that a selector can ask for (at most 63 letters, digits, "
                    "'-', '_' and '.', with a letter or digit at both ends, and before them a DNS "
                    "name with a slash): the filter label=KEY asks for any",
                    excerpt(key))));
  }

  [[nodiscard]] std::unexpected<std::string> wrong_token(std::string_view expected) const {
    return std::unexpected(
        wrong(fmt::format("{} stands where {} should be; write app, !app, app=web, app!=web, "
                          "app in (web,api), app notin (web,api), size>1 or size<9, with commas "
                          "between them",
                          shown(token_), expected)));
  }

  [[nodiscard]] std::string wrong(std::string_view what) const {
    return fmt::format("the label selector '{}' is wrong: {}", excerpt(text_), what);
  }

  std::string_view text_;
  std::string_view rest_;
  Token token_;
};

bool holds(const Requirement& wanted, std::optional<std::string_view> value) {
  const bool named = value && std::ranges::binary_search(wanted.values, *value);
  switch (wanted.operation) {
    case Operation::exists:
      return value.has_value();
    case Operation::absent:
      return !value.has_value();
    case Operation::one_of:
      return named;
    case Operation::none_of:
      return !named;
    case Operation::greater:
    case Operation::less: {
      const auto number = value ? number_in(*value) : std::nullopt;
      if (!number) return false;
      return wanted.operation == Operation::greater ? *number > wanted.bound
                                                    : *number < wanted.bound;
    }
  }
  return false;
}

}  // namespace

std::expected<void, std::string> Selector::add(Requirement requirement) {
  const auto at = std::ranges::lower_bound(requirements_, requirement);
  if (at != requirements_.end() && *at == requirement) return {};
  if (requirements_.size() == budget::selector_requirements) {
    return std::unexpected(
        fmt::format("label selectors may have {} requirements together: "
                    "app in (web,api) asks for several values at once",
                    budget::selector_requirements));
  }
  values_ += requirement.values.size();
  if (values_ > budget::selector_values) {
    return std::unexpected(
        fmt::format("label selectors may name {} values together", budget::selector_values));
  }
  requirements_.insert(at, std::move(requirement));
  return {};
}

std::expected<void, std::string> Selector::add(std::string_view text) {
  for (Parser parser(text); !parser.ended();) {
    auto requirement = parser.take();
    if (!requirement) return std::unexpected(std::move(requirement.error()));
    auto added = add(std::move(*requirement));
    if (!added) return added;
  }
  return {};
}

std::expected<Selector, std::string> Selector::parse(std::string_view text) {
  Selector selector;
  auto added = selector.add(text);
  if (!added) return std::unexpected(std::move(added.error()));
  return selector;
}

/// Both are sorted by key, so each is looked at once.
bool Selector::matches(const Labels& labels) const {
  auto label = labels.begin();
  const auto end = labels.end();
  return std::ranges::all_of(requirements_, [&](const Requirement& wanted) {
    while (label != end && (*label).first < wanted.key) ++label;
    const bool found = label != end && (*label).first == wanted.key;
    return holds(wanted, found ? std::optional((*label).second) : std::nullopt);
  });
}

}  // namespace rollcall
