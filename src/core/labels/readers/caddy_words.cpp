#include "core/labels/readers/caddy_words.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/budgets.hpp"
#include "core/labels/readers/values.hpp"
#include "core/text/ascii.hpp"
#include "core/text/text.hpp"

namespace rollcall::readers {
namespace {

constexpr std::string_view blanks = " \t\r\n";

/// A character of the filled-in text, and where it stands in the value.
struct Cell {
  char c = '\0';
  bool is_template = false;
  std::size_t offset = 0;
};

CaddyError error_at(std::size_t offset, std::string what) {
  return {.offset = offset, .what = std::move(what)};
}

/// Fills in what a template gives, as far as its text tells.
class Expander {
 public:
  explicit Expander(std::string_view value) : value_(value) {}

  std::optional<CaddyError> run() {
    bool trims = false;  // the template before takes the blanks away
    for (std::size_t at = 0; at < value_.size();) {
      if (!value_.substr(at).starts_with("{{")) {
        if (!trims || !blanks.contains(value_[at])) {
          trims = false;
          cells.push_back({.c = plain(value_[at]), .offset = at});
        }
        ++at;
        continue;
      }
      const std::size_t end = end_of(at);
      if (end == std::string_view::npos) {
        return error_at(at, "this template is not closed: write }}");
      }
      std::size_t begin = at + 2;
      std::size_t close = end;
      if (begin + 1 < close && value_[begin] == '-' && blanks.contains(value_[begin + 1])) {
        while (!cells.empty() && blanks.contains(cells.back().c)) cells.pop_back();
        ++begin;
      }
      trims = close > begin + 1 && value_[close - 1] == '-' && blanks.contains(value_[close - 2]);
      if (trims) --close;
      if (auto error = action(at, end + 2, begin, close)) return error;
      at = end + 2;
    }
    return std::nullopt;
  }

  std::vector<Cell> cells;
  std::vector<CaddyTemplate> templates;
  std::string_view condition;
  std::size_t condition_offset = 0;

 private:
  // A template is one such character, so that no other may be one.
  static char plain(char c) { return c == CaddyWord::filled_in ? '\x01' : c; }

  // The braces that end an action, which may hold texts with braces.
  [[nodiscard]] std::size_t end_of(std::size_t at) const {
    char quote = '\0';
    for (at += 2; at < value_.size(); ++at) {
      const char c = value_[at];
      if (quote != '\0') {
        if (c == '\\' && quote == '"') ++at;
        if (c == quote) quote = '\0';
      } else if (c == '"' || c == '`') {
        quote = c;
      } else if (value_.substr(at).starts_with("}}")) {
        return at;
      }
    }
    return std::string_view::npos;
  }

  std::optional<CaddyError> action(std::size_t at, std::size_t end, std::size_t begin,
                                   std::size_t close) {
    while (begin < close && blanks.contains(value_[begin])) ++begin;
    while (close > begin && blanks.contains(value_[close - 1])) --close;
    const std::string_view inside = value_.substr(begin, close - begin);
    if (inside.starts_with("/*") && inside.ends_with("*/")) return std::nullopt;
    if (put_literal(inside, begin)) return std::nullopt;
    const std::string_view word = inside.substr(0, inside.find_first_of(" \t\r\n("));
    if (is_control(word)) {
      if (condition.empty()) {
        condition = value_.substr(at, end - at);
        condition_offset = at;
      }
      return std::nullopt;
    }
    CaddyTemplate one{.scheme = {}, .text = value_.substr(at, end - at), .offset = at};
    if (word == "upstreams" && !inside.contains('|')) {
      one.upstreams = true;
      if (auto error = arguments(inside.substr(word.size()), begin + word.size(), one)) {
        return error;
      }
    }
    cells.push_back({.c = CaddyWord::filled_in, .is_template = true, .offset = at});
    templates.push_back(std::move(one));
    return std::nullopt;
  }

  static bool is_control(std::string_view word) {
    constexpr auto words = std::to_array<std::string_view>(
        {"if", "else", "end", "range", "with", "define", "template", "block", "break", "continue"});
    return word.starts_with('$') || std::ranges::find(words, word) != words.end();
  }

  // {{"text"}}, {{`text`}} and {{80}} are what they say.
  bool put_literal(std::string_view inside, std::size_t begin) {
    const bool number = !inside.empty() && std::ranges::all_of(inside, is_digit);
    const char quote = inside.empty() ? '\0' : inside.front();
    const bool quoted = inside.size() >= 2 && (quote == '"' || quote == '`') &&
                        inside.find(quote, 1) == inside.size() - 1 && !inside.contains('\\');
    if (!number && !quoted) return false;
    const std::size_t skipped = quoted ? 1 : 0;
    for (std::size_t i = skipped; i + skipped < inside.size(); ++i) {
      cells.push_back({.c = plain(inside[i]), .offset = begin + i});
    }
    return true;
  }

  // A scheme and a port, in any order.
  static std::optional<CaddyError> arguments(std::string_view rest, std::size_t offset,
                                             CaddyTemplate& out) {
    constexpr std::string_view right_port =
        "the last word of a template: write {{upstreams}}, {{upstreams 8080}} or "
        "{{upstreams https 8443}}";
    constexpr auto schemes = std::to_array<std::string_view>({"http", "https", "h2c"});
    std::size_t port_offset = 0;
    std::string_view port_word;
    while (true) {
      const std::size_t skipped = std::min(rest.find_first_not_of(blanks), rest.size());
      rest.remove_prefix(skipped);
      offset += skipped;
      if (rest.empty()) return std::nullopt;
      std::string_view word = rest.substr(0, rest.find_first_of(blanks));
      const auto wrong = [&](std::size_t at, std::string_view what, std::string_view right) {
        return error_at(at, fmt::format("\"{}\" is not {}", excerpt(what), right));
      };
      if (is_digit(word[0])) {
        if (!port_word.empty()) return wrong(port_offset, port_word, right_port);
        const auto port = parse_port(word);
        if (!port) return wrong(offset + port.error(), word, right_port);
        out.port = *port;
        port_word = word;
        port_offset = offset;
      } else {
        std::string_view scheme = word;
        const bool quoted = scheme.size() > 2 && scheme.starts_with('"') && scheme.ends_with('"');
        if (quoted) scheme = scheme.substr(1, scheme.size() - 2);
        auto parsed = parse_scheme(scheme);
        const bool known = quoted || std::ranges::find(schemes, scheme) != schemes.end();
        if (!parsed || !known || !out.scheme.empty()) return wrong(offset, word, right::scheme);
        out.scheme = std::move(*parsed);
      }
      rest.remove_prefix(word.size());
      offset += word.size();
    }
  }

  std::string_view value_;
};

/// Takes the text apart: words are separated by blanks, may be quoted, and end with a comment.
class Lexer {
 public:
  Lexer(std::vector<Cell> cells, std::vector<CaddyTemplate> templates)
      : cells_(std::move(cells)), templates_(std::move(templates)) {}

  std::expected<std::vector<CaddyWord>, CaddyError> run() {
    constexpr std::size_t most = budget::directive_words;
    std::vector<CaddyWord> words;
    while (skip_blanks()) {
      if (words.size() == most) {
        return std::unexpected(error_at(cells_[at_].offset, "a value may have 256 words"));
      }
      CaddyWord word{.text = {}, .offset = cells_[at_].offset, .templates = {}};
      if (!take_word(word)) return std::unexpected(std::move(error_));
      words.push_back(std::move(word));
    }
    return words;
  }

 private:
  [[nodiscard]] bool is(char c) const {
    return at_ < cells_.size() && !cells_[at_].is_template && cells_[at_].c == c;
  }
  [[nodiscard]] bool is_blank() const {
    return at_ < cells_.size() && !cells_[at_].is_template && blanks.contains(cells_[at_].c);
  }

  // Blanks, comments, and line ends after a backslash. False: there is no word any more.
  bool skip_blanks() {
    while (at_ < cells_.size()) {
      if (is('#')) {
        while (at_ < cells_.size() && !is('\n')) ++at_;
      } else if (is('\\') && at_ + 1 < cells_.size() && cells_[at_ + 1].c == '\n') {
        at_ += 2;
      } else if (is_blank()) {
        ++at_;
      } else {
        return true;
      }
    }
    return false;
  }

  void put(CaddyWord& word) {
    const Cell& cell = cells_[at_++];
    word.text += cell.c;
    if (cell.is_template) word.templates.push_back(templates_[next_template_++]);
  }

  bool take_word(CaddyWord& word) {
    if (is('"') || is('`')) {
      take_quoted(word);
      return true;
    }
    while (at_ < cells_.size() && !is_blank()) {
      if (is('\\') && at_ + 1 < cells_.size()) {
        const char next = cells_[at_ + 1].c;
        if (next == '<' && word.text.empty()) ++at_;
        if (blanks.contains(next)) {
          ++at_;
          break;
        }
      }
      put(word);
      if (word.text == "<<") return take_heredoc(word);
    }
    return true;
  }

  // An end that is missing is the end of the value.
  void take_quoted(CaddyWord& word) {
    const char quote = cells_[at_++].c;
    if (at_ < cells_.size()) word.offset = cells_[at_].offset;
    while (at_ < cells_.size() && !is(quote)) {
      const bool escapes =
          quote == '"' && is('\\') && at_ + 1 < cells_.size() && cells_[at_ + 1].c == '"';
      if (escapes) ++at_;
      put(word);
    }
    at_ = std::min(at_ + 1, cells_.size());
  }

  // "<<MARK", lines, and a line with MARK, whose indentation all lines lose.
  bool take_heredoc(CaddyWord& word) {
    const std::size_t begin = word.offset;
    std::string mark;
    while (at_ < cells_.size() && !is('\n')) mark += cells_[at_++].c;
    std::erase(mark, '\r');
    const auto wrong = [&](std::string what) {
      error_ = error_at(begin, std::move(what));
      return false;
    };
    if (at_ == cells_.size() || mark.empty()) {
      word.text += mark;  // no line follows: it is a word like others
      return true;
    }
    ++at_;
    word.text.clear();
    while (!word.text.ends_with(mark)) {
      if (at_ == cells_.size()) return wrong(fmt::format("\"<<{}\" is not closed", excerpt(mark)));
      put(word);
    }
    const std::size_t line = word.text.rfind('\n', word.text.size() - mark.size());
    const std::size_t last = line == std::string::npos ? 0 : line + 1;
    const std::string indent = word.text.substr(last, word.text.size() - mark.size() - last);
    std::string out;
    std::string_view rest = std::string_view(word.text).substr(0, last);
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n') + 1;
      if (!rest.starts_with(indent)) {
        return wrong("a line here is indented less than the mark at the end");
      }
      out += rest.substr(indent.size(), end - indent.size());
      rest.remove_prefix(end);
    }
    word.text = std::move(out);
    return true;
  }

  std::vector<Cell> cells_;
  std::vector<CaddyTemplate> templates_;
  std::size_t at_ = 0;
  std::size_t next_template_ = 0;
  CaddyError error_;
};

}  // namespace

std::expected<CaddyWords, CaddyError> caddy_words(std::string_view value) {
  Expander expander(value);
  if (auto error = expander.run()) return std::unexpected(std::move(*error));
  CaddyWords out{
      .words = {}, .condition = expander.condition, .condition_offset = expander.condition_offset};
  auto words = Lexer(std::move(expander.cells), std::move(expander.templates)).run();
  if (!words) return std::unexpected(std::move(words.error()));
  out.words = std::move(*words);
  return out;
}

void fill_in_arguments(std::vector<CaddyWord>& words, const std::vector<CaddyWord>& arguments) {
  constexpr std::string_view prefix = "{args";
  for (CaddyWord& word : words) {
    const std::string_view text = word.text;
    if (!text.starts_with(prefix) || text.size() < prefix.size() + 3) continue;
    const bool dotted = text[prefix.size()] == '.' && text.ends_with('}');
    const bool indexed = text[prefix.size()] == '[' && text.ends_with("]}");
    if (!dotted && !indexed) continue;
    const std::string_view digits =
        text.substr(prefix.size() + 1, text.size() - prefix.size() - (dotted ? 2 : 3));
    for (std::size_t i = 1; i < arguments.size(); ++i) {
      if (digits != std::to_string(i - 1)) continue;
      word = arguments[i];
      break;
    }
  }
}

}  // namespace rollcall::readers
