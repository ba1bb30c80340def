#include "core/json/json_grammar.hpp"

#include <bit>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/budgets.hpp"
#include "core/text/ascii.hpp"

namespace rollcall {
namespace {

/// Walks a text once, without a call for each value: nearly all of an engine's answer is walked.
class Grammar {
 public:
  explicit Grammar(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  bool is_whole() {
    do {
      if (!take_value() || !take_up_to_next_value()) return false;
    } while (depth_ > 0);
    skip_space();
    return at_ == end_;
  }

 private:
  /// The next byte; after the last one a NUL, which occurs nowhere in JSON.
  [[nodiscard]] char next() const { return at_ == end_ ? '\0' : *at_; }

  bool take(char wanted) {
    if (next() != wanted) return false;
    ++at_;
    return true;
  }

  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

  bool open(bool object) {
    ++at_;
    if (depth_ == budget::json_depth) return false;
    is_object_[depth_++] = object;
    skip_space();
    return true;
  }

  [[nodiscard]] bool in_object() const { return is_object_[depth_ - 1]; }

  /// Takes a value; of an array or object only the part before its first value, if it has one.
  bool take_value() {
    for (;;) {
      skip_space();
      switch (next()) {
        case '"':
          return take_string();
        case '{':
          if (!open(true)) return false;
          if (next() == '}') return true;
          if (!take_key()) return false;
          break;
        case '[':
          if (!open(false)) return false;
          if (next() == ']') return true;
          break;
        case 't':
          return take_word("true");
        case 'f':
          return take_word("false");
        case 'n':
          return take_word("null");
        default:
          return take_number();
      }
    }
  }

  /// After a value: takes closing brackets, and what stands before the next value.
  bool take_up_to_next_value() {
    while (depth_ > 0) {
      skip_space();
      if (take(',')) {
        skip_space();
        return !in_object() || take_key();
      }
      if (!take(in_object() ? '}' : ']')) return false;
      --depth_;
    }
    return true;
  }

  bool take_key() {
    if (!take_string()) return false;
    skip_space();
    return take(':');
  }

  bool take_string() {
    if (!take('"')) return false;
    for (;;) {
      skip_plain();
      const char c = next();
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c != '\\') return false;  // a control character, or the end
      ++at_;
      if (!take_escape()) return false;
    }
  }

  /// Goes to the first byte of a string that has a special meaning, or to the end.
  void skip_plain() {
    constexpr std::size_t size = 32;
    using Block = unsigned char __attribute__((ext_vector_type(size)));
    using Answer = bool __attribute__((ext_vector_type(size)));
    while (static_cast<std::size_t>(end_ - at_) >= size) {
      Block block;
      std::memcpy(&block, at_, size);
      const auto found = std::bit_cast<std::uint32_t>(
          __builtin_convertvector((block == '"') | (block == '\\') | (block < ' '), Answer));
      at_ += std::countr_zero(found);  // 32, if there is none
      if (found != 0) return;
    }
    while (at_ != end_ && *at_ != '"' && *at_ != '\\' && static_cast<unsigned char>(*at_) >= ' ') {
      ++at_;
    }
  }

  bool take_escape() {
    const char c = next();
    if (c == '\0' || std::strchr("\"\\/bfnrtu", c) == nullptr) return false;
    ++at_;
    if (c != 'u') return true;
    for (int digits = 0; digits < 4; ++digits) {
      if (!is_hex_digit(next())) return false;
      ++at_;
    }
    return true;
  }

  bool take_word(std::string_view word) {
    if (!std::string_view(at_, end_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  bool take_digits() {
    if (!is_digit(next())) return false;
    while (is_digit(next())) ++at_;
    return true;
  }

  bool take_number() {
    take('-');
    if (!take('0') && !take_digits()) return false;
    if (take('.') && !take_digits()) return false;
    if (!take('e') && !take('E')) return true;
    if (!take('+')) take('-');
    return take_digits();
  }

  const char* at_;
  const char* end_;
  std::bitset<budget::json_depth> is_object_;  // of each bracket that is open
  std::size_t depth_ = 0;
};

}  // namespace

bool is_json(std::string_view text) noexcept {
  return Grammar(text).is_whole();
}

}  // namespace rollcall
