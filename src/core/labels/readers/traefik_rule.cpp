#include "core/labels/readers/traefik_rule.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/labels/readers/values.hpp"
#include "core/text/text.hpp"

namespace rollcall::readers {
namespace {

constexpr std::string_view matcher_wanted = "a matcher is expected here, such as Host(`a.example`)";

constexpr bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0U | (point >> 6U));
    put(0x80U | (point & 0x3fU));
  } else if (point < 0x10000) {
    put(0xe0U | (point >> 12U));
    put(0x80U | ((point >> 6U) & 0x3fU));
    put(0x80U | (point & 0x3fU));
  } else {
    put(0xf0U | (point >> 18U));
    put(0x80U | ((point >> 12U) & 0x3fU));
    put(0x80U | ((point >> 6U) & 0x3fU));
    put(0x80U | (point & 0x3fU));
  }
}

// Recursion is as deep as `deepest_rule` lets it be.
//
// Traefik reads rules as expressions of Go, whose lines end them: after a name, a text or a
// closing parenthesis a line end is the end, and what follows is an error.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::expected<Rule, RuleError> parse() {
    if (text_.size() > longest_rule) {
      fail(longest_rule, fmt::format("a rule may have {} bytes", longest_rule));
    }
    Rule rule = any_of();
    skip_space();
    if (!failed_ && at_ < text_.size()) {
      fail(at_, fmt::format("\"{}\" is not expected here; && and || join matchers",
                            excerpt(text_.substr(at_), 8)));
    }
    if (failed_) return std::unexpected(std::move(error_));
    return rule;
  }

 private:
  Rule any_of() { return joined(Rule::Kind::any_of, "||", &Parser::all_of); }
  Rule all_of() { return joined(Rule::Kind::all_of, "&&", &Parser::unary); }

  // What `operation` joins; the part itself, if there is one alone.
  Rule joined(Rule::Kind kind, std::string_view operation, Rule (Parser::*part)()) {
    Rule first = (this->*part)();
    if (!takes(operation)) return first;
    Rule rule{.kind = kind, .offset = first.offset, .name = {}, .arguments = {}, .parts = {}};
    rule.parts.push_back(std::move(first));
    do {
      rule.parts.push_back((this->*part)());
    } while (takes(operation));
    return rule;
  }

  Rule unary() {
    skip_space();
    Rule rule{.offset = at_, .name = {}, .arguments = {}, .parts = {}};
    if (failed_) return rule;
    if (at_ == text_.size()) return fail(at_, std::string(matcher_wanted));
    const char c = text_[at_];
    if (c != '!' && c != '(') return matcher();
    may_end_ = false;
    if (++depth_ > deepest_rule) {
      return fail(at_, fmt::format("parentheses and negations may be {} deep", deepest_rule));
    }
    ++at_;
    if (c == '!') {
      rule.kind = Rule::Kind::negation;
      rule.parts.push_back(unary());
    } else {
      const std::size_t opened = std::exchange(rule.offset, 0);
      rule = any_of();
      if (!failed_ && !takes(")")) return unclosed(opened);
    }
    --depth_;
    return rule;
  }

  Rule unclosed(std::size_t opened) {
    skip_space();
    if (at_ == text_.size()) return fail(opened, "this parenthesis is not closed");
    return fail(at_, fmt::format("\"{}\" is not expected here; write &&, || or )",
                                 excerpt(text_.substr(at_), 8)));
  }

  Rule matcher() {
    Rule rule{.offset = at_, .name = {}, .arguments = {}, .parts = {}};
    while (at_ < text_.size() && is_name_char(text_[at_])) ++at_;
    rule.name = text_.substr(rule.offset, at_ - rule.offset);
    if (rule.name.empty()) return fail(at_, std::string(matcher_wanted));
    may_end_ = true;
    const std::size_t opened = at_;
    if (!takes("(")) {
      return fail(at_, fmt::format("\"(\" is expected behind {}", excerpt(rule.name, 32)));
    }
    if (takes(")")) return rule;
    for (bool comma = true; comma;) {
      if (!argument(rule)) return rule;
      comma = takes(",");  // Go allows one after the last argument.
      if (takes(")")) return rule;
    }
    skip_space();
    if (at_ == text_.size()) return fail(opened, "this parenthesis is not closed");
    return fail(at_, "a comma or a closing parenthesis is expected here");
  }

  bool argument(Rule& rule) {
    skip_space();
    if (failed_) return false;
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '`' && quote != '"') {
      fail(at_, quote == '\'' ? "single quotes are no quotes here: write `…` or \"…\""
                              : "a text is expected here, in `…` or \"…\"");
      return false;
    }
    const std::size_t opened = at_++;
    Rule::Argument argument{.text = {}, .offset = at_};
    while (at_ < text_.size() && text_[at_] != quote) {
      if (quote == '"' && text_[at_] == '\n') break;
      if (quote == '`' || text_[at_] != '\\') {
        // Go leaves carriage returns out of what is between backticks.
        const char c = text_[at_++];
        if (quote != '`' || c != '\r') argument.text += c;
      } else if (!escape(argument.text)) {
        return false;
      }
    }
    if (at_ == text_.size() || text_[at_] != quote) {
      fail(opened, "this quote is not closed");
      return false;
    }
    ++at_;
    may_end_ = true;
    rule.arguments.push_back(std::move(argument));
    return true;
  }

  // A backslash and what follows, as in Go.
  bool escape(std::string& out) {
    constexpr auto plain = std::to_array<std::pair<char, char>>({{'\\', '\\'},
                                                                 {'"', '"'},
                                                                 {'n', '\n'},
                                                                 {'t', '\t'},
                                                                 {'r', '\r'},
                                                                 {'a', '\a'},
                                                                 {'b', '\b'},
                                                                 {'f', '\f'},
                                                                 {'v', '\v'}});
    const std::size_t begin = at_++;
    const char c = at_ < text_.size() ? text_[at_++] : '\0';
    const auto known = std::ranges::find(plain, c, [](const auto& pair) { return pair.first; });
    if (known != plain.end()) {
      out += known->second;
      return true;
    }
    const bool octal = c >= '0' && c <= '3';
    const std::size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : octal ? 3 : 0;
    if (octal) --at_;  // it is a digit itself
    const auto point = digits == 0 ? std::nullopt : number(digits, octal ? 8 : 16);
    if (!point || (*point > 0x10ffff) || (*point >= 0xd800 && *point <= 0xdfff)) {
      fail(begin, "this is no escape of Go; write \\\\ for a backslash, or use `…`");
      return false;
    }
    if (c == 'x' || octal) {
      out += static_cast<char>(*point);
    } else {
      append_utf8(out, *point);
    }
    return true;
  }

  std::optional<std::uint32_t> number(std::size_t digits, std::uint32_t base) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      constexpr std::string_view all = "0123456789abcdef";
      if (at_ == text_.size()) return std::nullopt;
      const char c = text_[at_++];
      const std::size_t digit = all.find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
      if (digit >= base) return std::nullopt;
      value = value * base + static_cast<std::uint32_t>(digit);
    }
    return value;
  }

  // Takes the word, if it comes next.
  bool takes(std::string_view word) {
    skip_space();
    if (failed_ || !text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    may_end_ = word == ")";
    return true;
  }

  // The end of blanks and of comments as Go has them.
  std::size_t end_of_space() {
    constexpr std::string_view space = " \t\r\n";
    std::size_t end = at_;
    while (true) {
      end = std::min(text_.find_first_not_of(space, end), text_.size());
      const std::string_view rest = text_.substr(end);
      if (!rest.starts_with("//") && !rest.starts_with("/*")) return end;
      const bool line = rest[1] == '/';
      const std::size_t close = line ? rest.find('\n') : rest.find("*/", 2);
      if (!line && close == std::string_view::npos) {
        fail(end, "this comment is not closed");
        return text_.size();
      }
      end =
          std::min(close, rest.size()) == rest.size() ? text_.size() : end + close + (line ? 0 : 2);
    }
  }

  void skip_space() {
    const std::size_t end = end_of_space();
    const std::size_t line_end = text_.substr(0, end).find('\n', at_);
    if (may_end_ && line_end != std::string_view::npos && end < text_.size()) {
      fail(line_end,
           "for Traefik the rule ends with this line; write what joins it to the next, "
           "&& or ||, before the line ends");
    }
    at_ = end;
  }

  // The first failure is the one that is told.
  Rule fail(std::size_t offset, std::string what) {
    if (!failed_) error_ = {.offset = offset, .what = std::move(what)};
    failed_ = true;
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  bool may_end_ = false;  // What was taken last may be the end of an expression.
  bool failed_ = false;
  RuleError error_;
};

}  // namespace

std::expected<Rule, RuleError> parse_rule(std::string_view text) {
  return Parser(text).parse();
}

}  // namespace rollcall::readers
