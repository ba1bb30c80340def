#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include "core/secrets/secret_names.hpp"
#include "core/secrets/secret_spans.hpp"
#include "core/text/ascii.hpp"

namespace rollcall {
namespace {

constexpr std::string_view blanks = " \t";
constexpr std::string_view ends_of_line = "\r\n";
constexpr std::string_view quotes = "\"'`";

bool is_name_character(char c) {
  return is_alphanumeric(c) || c == '_' || c == '-' || c == '.';
}

/// A quote, with as many backslashes before it as text within text needs.
struct Delimiter {
  char quote = '\0';
  std::size_t backslashes = 0;
};

/// A name before a separator: "password" of "\"password\" : ".
struct Named {
  std::size_t begin;
  std::size_t end;
  bool quoted;        ///< The name itself stands in quotes.
  bool blank_before;  ///< A blank stands between the name and its separator.
};

class Finder {
 public:
  Finder(std::string_view text, TextKind kind, SecretSpans& spans)
      : text_(text), kind_(kind), spans_(spans) {}

  void find() {
    for (std::size_t at = 0; at < text_.size(); ++at) {
      const char c = text_[at];
      if (c == '=' || c == ':') at = after_separator(at);
      if (c == '>') at = after_tag(at);
    }
  }

 private:
  /// The last byte that need not be looked at again.
  std::size_t after_separator(std::size_t at) {
    const std::string_view rest = text_.substr(at + 1);
    if (text_[at] == ':' && (rest.starts_with("//") || rest.starts_with(':'))) return at;
    const Named name = name_before(at);
    if (name.begin == name.end) return at;
    const Secrecy secrecy = secrecy_at(at, name);
    if (secrecy == Secrecy::none || !may_separate(at, name)) return at;
    std::size_t begin = at + 1;
    while (begin < text_.size() && (text_[begin] == '=' || text_[begin] == '>')) ++begin;
    const auto value = value_from(begin, at, name);
    if (!value || value->begin >= value->end) return at;
    const std::string_view told = text_.substr(value->begin, value->end - value->begin);
    // A text crafted to be scanned again and again is no honest label, and is masked as a whole.
    looked_at_ += told.size();
    const bool costly = looked_at_ > most_looks * text_.size();
    if (!costly && !is_secret(secrecy, told)) return at;
    spans_.push_back({value->begin, costly ? text_.size() : value->end});
    return spans_.back().end - 1;
  }

  /// "<password>hunter2</password>".
  std::size_t after_tag(std::size_t at) {
    std::size_t begin = at;
    while (begin > 0 && is_name_character(text_[begin - 1])) --begin;
    if (begin == at || begin == 0 || text_[begin - 1] != '<') return at;
    const Secrecy secrecy = secrecy_of(text_.substr(begin, at - begin));
    if (secrecy == Secrecy::none) return at;
    const std::size_t end = std::min(text_.find("</", at), text_.size());
    if (!is_secret(secrecy, text_.substr(at + 1, end - at - 1))) return end - 1;
    spans_.push_back({at + 1, end});
    return end - 1;
  }

  [[nodiscard]] Named name_before(std::size_t separator) const {
    constexpr std::size_t most_blanks = 8;
    std::size_t end = separator;
    const std::size_t least = separator - std::min(separator, most_blanks);
    while (end > least && blanks.contains(text_[end - 1])) --end;
    const bool blank_before = end < separator;
    // "config[password]=x", "config['password'] = x".
    while (end > 0 && (text_[end - 1] == ']' || text_[end - 1] == ')')) --end;
    bool quoted = false;
    while (end > 0 && (quotes.contains(text_[end - 1]) || text_[end - 1] == '\\')) {
      quoted = true;
      --end;
    }
    std::size_t begin = end;
    while (begin > 0 && is_name_character(text_[begin - 1])) --begin;
    return {.begin = begin, .end = end, .quoted = quoted, .blank_before = blank_before};
  }

  Secrecy secrecy_at(std::size_t separator, const Named& name) {
    const std::string_view word = text_.substr(name.begin, name.end - name.begin);
    const char before = name.begin == 0 ? '\0' : text_[name.begin - 1];
    if (before == '?' || before == '&') return secrecy_of_parameter(word);
    if (text_[separator] == ':' && (equals(word, "cookie") || equals(word, "set-cookie"))) {
      return Secrecy::sure;
    }
    // {"name":"DB_PASSWORD","value":"hunter2"}, <add key="password" value="hunter2"/>
    if (equals(word, "value")) return std::exchange(of_next_value_, Secrecy::none);
    if (equals(word, "name") || equals(word, "key")) note_name(separator, name);
    return secrecy_of(word);
  }

  void note_name(std::size_t separator, const Named& name) {
    constexpr std::size_t longest = 128;
    if (looked_at_ > most_looks * text_.size()) return;
    const auto value = value_from(separator + 1, separator, name);
    if (!value || value->end <= value->begin) return;
    looked_at_ += value->end - value->begin;
    if (value->end - value->begin > longest) return;
    of_next_value_ = secrecy_of(text_.substr(value->begin, value->end - value->begin));
  }

  static bool equals(std::string_view word, std::string_view lower) {
    return std::ranges::equal(word, lower, {}, to_lower);
  }

  /// Whether what stands there separates a name from its value: a colon need not.
  [[nodiscard]] bool may_separate(std::size_t at, const Named& name) const {
    if (text_[at] == '=' || name.quoted) return true;
    if (kind_ == TextKind::name) return false;
    const bool blank = at + 1 < text_.size() &&
                       (blanks.contains(text_[at + 1]) || ends_of_line.contains(text_[at + 1]));
    if (blank) return true;
    const std::string_view word = text_.substr(name.begin, name.end - name.begin);
    const char before = name.begin == 0 ? '\0' : text_[name.begin - 1];
    const bool begins = before == '\0' || std::string_view(" \t\r\n\"'`,;({[|").contains(before);
    if (!begins) return false;
    if (is_header_or_word(word)) return kind_ == TextKind::argument || is_bare_value(at + 1);
    // "sealed-secrets:v0.26" is an image.
    return is_bare_value(at + 1) && !begins_version(at + 1);
  }

  [[nodiscard]] bool begins_version(std::size_t at) const {
    if (text_[at] == 'v' && at + 1 < text_.size()) ++at;
    return is_digit(text_[at]);
  }

  /// "X-Api-Key:x" and "password:x"; but "secret-store:service_started" names a service.
  static bool is_header_or_word(std::string_view word) {
    constexpr auto words = std::to_array<std::string_view>(
        {"apikey", "api_key", "api-key", "authorization", "pass", "passphrase", "passwd",
         "password", "proxy-authorization", "pwd", "secret", "token", "x-api-key", "x-auth-token"});
    return std::ranges::find(words, lower_case(word)) != words.end() ||
           (word.size() > 2 && to_lower(word[0]) == 'x' && word[1] == '-');
  }

  /// Of an image "latest" and "1.0" follow a colon, of a service how it is waited for.
  [[nodiscard]] bool is_bare_value(std::size_t begin) const {
    constexpr std::size_t least = 4;
    const std::string_view value = text_.substr(
        begin, std::min(text_.find_first_of(" \t\r\n,;", begin), text_.size()) - begin);
    if (value.size() < least || value.starts_with('/') || value.starts_with("service_"))
      return false;
    if (value == "latest" || value == "stable" || value == "alpine") return false;
    return std::ranges::any_of(value, [](char c) { return !is_digit(c) && c != '.'; });
  }

  std::optional<SecretSpan> value_from(std::size_t begin, std::size_t separator,
                                       const Named& name) {
    const std::size_t first = text_.find_first_not_of(blanks, begin);
    if (first == std::string_view::npos) return std::nullopt;
    // "PASSWORD= command" says that it is empty.
    const bool is_assignment = text_[separator] == '=';
    if (!is_assignment && begins_block(first)) return block_from(first, name);
    if (is_assignment && first > begin && !name.blank_before && !name.quoted) return std::nullopt;
    if (const Delimiter opened = delimiter_at(first); opened.quote != '\0') {
      const std::size_t inside = first + opened.backslashes + 1 + (text_[first] == '$' ? 1 : 0);
      return SecretSpan{inside, close_of(inside, opened)};
    }
    if ((text_[first] == '{' || text_[first] == '[') && (name.quoted || !is_assignment)) {
      return SecretSpan{first, close_of_bracket(first)};
    }
    return SecretSpan{first, end_of_bare(first, separator, name)};
  }

  /// Of YAML: the lines that follow, as in "password: |" or "password:".
  [[nodiscard]] bool begins_block(std::size_t at) const {
    if (text_[at] == '|' || text_[at] == '>') {
      while (at < text_.size() && std::string_view("|>+-0123456789 ").contains(text_[at])) ++at;
    }
    return at < text_.size() && ends_of_line.contains(text_[at]);
  }

  [[nodiscard]] std::size_t indentation_at(std::size_t line) const {
    const std::size_t first = std::min(text_.find_first_not_of(' ', line), text_.size());
    return first - line;
  }

  /// The lines that are indented more than that of the name.
  [[nodiscard]] std::optional<SecretSpan> block_from(std::size_t at, const Named& name) const {
    const std::size_t before = text_.substr(0, name.begin).rfind('\n');
    const std::size_t outer = indentation_at(before == std::string_view::npos ? 0 : before + 1);
    const std::size_t begin = std::min(text_.find('\n', at), text_.size() - 1) + 1;
    std::size_t end = begin;
    while (end < text_.size() && indentation_at(end) > outer) {
      end = std::min(text_.find('\n', end), text_.size() - 1) + 1;
    }
    if (end == begin) return std::nullopt;
    return SecretSpan{begin + indentation_at(begin), end - (text_[end - 1] == '\n' ? 1U : 0U)};
  }

  [[nodiscard]] Delimiter delimiter_at(std::size_t at) const {
    Delimiter found;
    if (text_[at] == '$' && at + 1 < text_.size() && text_[at + 1] == '\'') ++at;
    while (at < text_.size() && text_[at] == '\\') {
      ++found.backslashes;
      ++at;
    }
    if (at < text_.size() && quotes.contains(text_[at])) found.quote = text_[at];
    return found;
  }

  /// Before the quote that closes, and its backslashes; the end of the text, if none does.
  [[nodiscard]] std::size_t close_of(std::size_t at, const Delimiter& opened) const {
    std::size_t backslashes = 0;
    for (; at < text_.size(); ++at) {
      if (text_[at] == opened.quote && backslashes <= opened.backslashes) return at - backslashes;
      backslashes = text_[at] == '\\' ? backslashes + 1 : 0;
    }
    return text_.size();
  }

  /// After the bracket that closes a list or an object.
  [[nodiscard]] std::size_t close_of_bracket(std::size_t at) const {
    std::size_t depth = 0;
    for (; at < text_.size(); ++at) {
      if (text_[at] == '{' || text_[at] == '[') ++depth;
      if ((text_[at] == '}' || text_[at] == ']') && --depth == 0) return at + 1;
    }
    return text_.size();
  }

  [[nodiscard]] std::size_t end_of_bare(std::size_t first, std::size_t separator,
                                        const Named& name) const {
    // All of an argument "--password=a b", and of what stands in quotes, "'password=a b'".
    if (!name.quoted && name.begin > 0 && quotes.contains(text_[name.begin - 1])) {
      const Delimiter around{.quote = text_[name.begin - 1],
                             .backslashes = backslashes_before(name.begin - 1)};
      const std::size_t close = close_of(first, around);
      if (close < text_.size()) return close;
    }
    const bool is_assignment = text_[separator] == '=';
    if (kind_ == TextKind::argument && is_assignment && name.begin == 0) return text_.size();
    const bool whole_line = !is_assignment && !name.quoted && holds_line(name);
    std::size_t at = first;
    while (at < text_.size() && !ends_of_line.contains(text_[at]) &&
           !ends_bare(at, whole_line, name.quoted)) {
      ++at;
    }
    return at;
  }

  [[nodiscard]] std::size_t backslashes_before(std::size_t at) const {
    std::size_t count = 0;
    while (count < at && text_[at - count - 1] == '\\') ++count;
    return count;
  }

  /// "Authorization: Bearer x", and a line of YAML: not a word of a sentence.
  [[nodiscard]] bool holds_line(const Named& name) const {
    const std::string_view word = text_.substr(name.begin, name.end - name.begin);
    return name.begin == 0 || ends_of_line.contains(text_[name.begin - 1]) || word.contains('-') ||
           lower_case(word).ends_with("authorization");
  }

  [[nodiscard]] bool ends_bare(std::size_t at, bool whole_line, bool in_json) const {
    const char c = text_[at];
    if (c == ' ' || c == '\t') return !whole_line || names_next(at + 1);
    const bool last = at + 1 == text_.size() || std::string_view(" \t\r\n").contains(text_[at + 1]);
    if (c == ',' || c == ';' || c == '&') return last || in_json || names_next(at + 1);
    const bool closes = quotes.contains(c) || c == ')' || c == ']' || c == '}';
    return closes && (last || in_json || std::string_view(",;)]}\"'").contains(text_[at + 1]));
  }

  /// Whether "name=" or "name:" follows.
  [[nodiscard]] bool names_next(std::size_t at) const {
    constexpr std::size_t longest = 64;
    const std::size_t first = std::min(text_.find_first_not_of(" \t\"'", at), text_.size());
    std::size_t end = first;
    while (end < text_.size() && end - first < longest && is_name_character(text_[end])) ++end;
    if (end == first || end == text_.size()) return false;
    if (text_[end] == '"' || text_[end] == '\'') ++end;
    return end < text_.size() && (text_[end] == '=' || text_[end] == ':');
  }

  static constexpr std::size_t most_looks = 16;
  std::string_view text_;
  TextKind kind_;
  SecretSpans& spans_;
  std::size_t looked_at_ = 0;
  Secrecy of_next_value_ = Secrecy::none;
};

}  // namespace

void find_named(std::string_view text, TextKind kind, SecretSpans& spans) {
  Finder(text, kind, spans).find();
}

}  // namespace rollcall
