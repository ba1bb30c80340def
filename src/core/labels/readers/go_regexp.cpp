#include "core/labels/readers/go_regexp.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "core/text/ascii.hpp"

namespace rollcall::readers {
namespace {

class Checker {
 public:
  explicit Checker(std::string_view text) : text_(text) {}

  std::optional<std::size_t> error() {
    while (at_ < text_.size() && !failed_) item();
    if (!failed_ && !open_.empty()) fail(open_.back());
    return failed_ ? std::optional(error_at_) : std::nullopt;
  }

 private:
  void fail(std::size_t at) {
    if (!failed_) error_at_ = at;
    failed_ = true;
  }

  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  // `repeatable_`: what stands before can be repeated. `repeated_`: it has been.
  void done(bool repeatable) {
    repeatable_ = repeatable;
    repeated_ = false;
  }

  void item() {
    switch (text_[at_]) {
      case '(':
        return group();
      case ')':
        if (open_.empty()) return fail(at_);
        open_.pop_back();
        ++at_;
        return done(true);
      case '|':
        ++at_;
        return done(false);
      case '[':
        return set();
      case '\\':
        return escape(false);
      case '*':
      case '+':
      case '?':
        return repetition(at_, 1);
      case '{':
        if (const std::size_t size = count_size(); size != 0) return repetition(at_, size);
        ++at_;  // it stands for itself
        return done(true);
      default:
        ++at_;
        done(true);
    }
  }

  void repetition(std::size_t begin, std::size_t size) {
    if (!repeatable_ || repeated_ || failed_) return fail(begin);
    at_ += size;
    if (peek() == '?') ++at_;
    repeated_ = true;
  }

  // The size of "{2}", "{2,}" or "{2,4}"; 0, if it is none.
  std::size_t count_size() {
    constexpr std::size_t most = 1000;
    std::size_t at = at_ + 1;
    std::array<std::size_t, 2> counts{};
    std::size_t found = 0;
    const auto number = [&](std::size_t& out) {
      const std::size_t begin = at;
      while (at < text_.size() && is_digit(text_[at])) {
        out = std::min(out * 10 + static_cast<std::size_t>(text_[at++] - '0'), most + 1);
      }
      return at > begin;
    };
    if (!number(counts[0])) return 0;
    found = 1;
    counts[1] = counts[0];
    if (at < text_.size() && text_[at] == ',') {
      ++at;
      std::size_t last = 0;
      if (number(last)) {
        counts[1] = last;
        found = 2;
      }
    }
    if (at == text_.size() || text_[at] != '}') return 0;
    const bool too_many = counts[0] > most || counts[1] > most;
    if (too_many || (found == 2 && counts[0] > counts[1])) fail(at_);
    return at + 1 - at_;
  }

  // "(", "(?:", "(?i)", "(?i-s:", "(?P<name>", "(?<name>".
  void group() {
    constexpr std::size_t deepest = 1000;
    const std::size_t begin = at_++;
    if (open_.size() == deepest) return fail(begin);
    if (peek() != '?') {
      open_.push_back(begin);
      return done(false);
    }
    ++at_;
    if (peek() == 'P' || peek() == '<') {
      if (peek() == 'P') ++at_;
      if (peek() != '<') return fail(begin);
      const std::size_t name = ++at_;
      while (is_alphanumeric(peek()) || peek() == '_') ++at_;
      if (at_ == name || peek() != '>') return fail(begin);
      ++at_;
      open_.push_back(begin);
      return done(false);
    }
    flags(begin);
  }

  void flags(std::size_t begin) {
    constexpr std::string_view known = "imsU";
    bool negative = false;
    bool since = true;  // there is a flag since the sign
    while (true) {
      const char c = peek();
      if (known.contains(c) && c != '\0') {
        since = true;
      } else if (c == '-' && !negative) {
        negative = true;
        since = false;
      } else {
        break;
      }
      ++at_;
    }
    const char end = peek();
    if (!since || (end != ':' && end != ')')) return fail(begin);
    ++at_;
    if (end == ':') {
      open_.push_back(begin);
      return done(false);
    }
    repeated_ = false;  // what follows repeats what stands before the flags
  }

  void set() {
    const std::size_t begin = at_++;
    if (peek() == '^') ++at_;
    bool first = true;
    while (!failed_) {
      if (at_ == text_.size()) return fail(begin);
      if (peek() == ']' && !first) break;
      first = false;
      if (peek() == '[' && peek(1) == ':') {
        const std::size_t end = text_.find(":]", at_ + 2);
        if (end != std::string_view::npos) {
          if (!is_class(text_.substr(at_ + 2, end - at_ - 2))) return fail(at_);
          at_ = end + 2;
          continue;
        }
      }
      range();
    }
    if (failed_) return;
    ++at_;
    done(true);
  }

  static bool is_class(std::string_view name) {
    constexpr auto known = std::to_array<std::string_view>(
        {"alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
         "space", "upper", "word", "xdigit"});
    if (name.starts_with('^')) name.remove_prefix(1);
    return std::ranges::find(known, name) != known.end();
  }

  void range() {
    const std::size_t begin = at_;
    const int low = set_char();
    if (failed_ || low < 0 || peek() != '-' || peek(1) == ']' || at_ + 1 >= text_.size()) return;
    ++at_;
    const int high = set_char();
    if (!failed_ && (high < 0 || high < low)) fail(begin);
  }

  // The character; -1, if it is a class or cannot be compared.
  int set_char() {
    if (peek() != '\\') {
      const auto byte = static_cast<unsigned char>(text_[at_++]);
      if (byte < 0x80) return byte;
      while (at_ < text_.size() && (static_cast<unsigned char>(text_[at_]) & 0xc0U) == 0x80U) ++at_;
      return 0x110000;  // more than any of ASCII
    }
    const char escaped = peek(1);
    escape(true);
    constexpr std::string_view letters = "dDsSwWpPxntrfvaQ";
    if (letters.contains(escaped) || is_digit(escaped)) return -1;
    return static_cast<unsigned char>(escaped);
  }

  void escape(bool in_set) {
    const std::size_t begin = at_++;
    if (at_ == text_.size()) return fail(begin);
    const char c = text_[at_++];
    constexpr std::string_view classes = "dDsSwW";
    constexpr std::string_view plain = "aftnrv";
    constexpr std::string_view places = "AbBz";
    if (classes.contains(c) || plain.contains(c)) return done(true);
    if (!in_set && places.contains(c)) return done(true);
    if (!in_set && c == 'C') return fail(begin);  // it is not supported
    if (!in_set && c == 'Q') {
      const std::size_t end = text_.find("\\E", at_);
      at_ = end == std::string_view::npos ? text_.size() : end + 2;
      return done(true);
    }
    if (c == 'p' || c == 'P') return unicode_class(begin);
    if (c == 'x') return hexadecimal(begin);
    if (c == '0') {
      while (peek() >= '0' && peek() <= '7' && at_ < begin + 4) ++at_;
      return done(true);
    }
    if (c >= '1' && c <= '7' && peek() >= '0' && peek() <= '7') {
      while (peek() >= '0' && peek() <= '7' && at_ < begin + 4) ++at_;
      return done(true);
    }
    // Punctuation stands for itself; letters, digits and other scripts do not.
    if (is_alphanumeric(c) || static_cast<unsigned char>(c) >= 0x80) return fail(begin);
    done(true);
  }

  void unicode_class(std::size_t begin) {
    if (peek() != '{') {
      if (!is_upper(peek())) return fail(begin);
      ++at_;
      return done(true);
    }
    const std::size_t end = text_.find('}', at_);
    if (end == std::string_view::npos || end == at_ + 1) return fail(begin);
    at_ = end + 1;
    done(true);
  }

  void hexadecimal(std::size_t begin) {
    constexpr std::string_view digits = "0123456789abcdefABCDEF";
    const auto is_hex = [&digits](char c) { return c != '\0' && digits.contains(c); };
    if (peek() != '{') {
      if (!is_hex(peek()) || !is_hex(peek(1))) return fail(begin);
      at_ += 2;
      return done(true);
    }
    const std::size_t first = ++at_;
    while (is_hex(peek())) ++at_;
    if (at_ == first || at_ > first + 6 || peek() != '}') return fail(begin);
    ++at_;
    done(true);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::size_t> open_;  // where the groups begin
  bool repeatable_ = false;
  bool repeated_ = false;
  bool failed_ = false;
  std::size_t error_at_ = 0;
};

}  // namespace

std::optional<std::size_t> regexp_error(std::string_view text) {
  return Checker(text).error();
}

}  // namespace rollcall::readers
