#include "core/text/glob.hpp"

#include <algorithm>
#include <bitset>
#include <map>
#include <optional>
#include <utility>

#include "core/text/ascii.hpp"

namespace rollcall {
namespace {

/// The bytes that one step takes.
using Bytes = std::bitset<256>;

unsigned char byte_of(char c) {
  return static_cast<unsigned char>(c);
}

Bytes only(char c) {
  return Bytes().set(byte_of(c));
}

template <class Is>
Bytes those(Is is) {
  Bytes bytes;
  for (unsigned i = 0; i < 128; ++i) bytes.set(i, is(static_cast<char>(i)));
  return bytes;
}

/// "[:digit:]"; of a name that is not known nothing.
Bytes named(std::string_view name) {
  if (name == "digit") return those(is_digit);
  if (name == "lower") return those(is_lower);
  if (name == "upper") return those(is_upper);
  if (name == "alnum") return those(is_alphanumeric);
  if (name == "alpha") return those([](char c) { return is_lower(c) || is_upper(c); });
  if (name == "space") return those([](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); });
  if (name == "xdigit") {
    return those([](char c) { return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'f'); });
  }
  if (name == "punct") {
    return those([](char c) { return c > ' ' && c <= '~' && !is_alphanumeric(c); });
  }
  return {};
}

/// Takes a bracket expression off the front. If it is not closed, this takes nothing: the bracket
/// stands for itself.
class Brackets {
 public:
  explicit Brackets(std::string_view text) : rest_(text) {}

  std::optional<Bytes> take(std::string_view& text) {
    rest_.remove_prefix(1);
    const bool negated = rest_.starts_with('!') || rest_.starts_with('^');
    if (negated) rest_.remove_prefix(1);
    Bytes bytes;
    for (bool first = true; first || !rest_.starts_with(']'); first = false) {
      if (rest_.empty()) return std::nullopt;
      if (take_named(bytes)) continue;
      const auto from = take_one();
      if (!from) return std::nullopt;
      const bool range = rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']';
      if (range) rest_.remove_prefix(1);
      const auto to = range ? take_one() : from;
      if (!to) return std::nullopt;
      for (unsigned i = byte_of(*from); i <= byte_of(*to); ++i) bytes.set(i);
    }
    text = rest_.substr(1);
    return negated ? ~bytes : bytes;
  }

 private:
  bool take_named(Bytes& bytes) {
    if (!rest_.starts_with("[:")) return false;
    const std::size_t end = rest_.find(":]", 2);
    if (end == std::string_view::npos) return false;
    bytes |= named(rest_.substr(2, end - 2));
    rest_.remove_prefix(end + 2);
    return true;
  }

  std::optional<char> take_one() {
    if (rest_.starts_with('\\')) rest_.remove_prefix(1);
    if (rest_.empty()) return std::nullopt;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  std::string_view rest_;
};

/// Takes one step off the front of a pattern that does not begin with a star.
Bytes take_step(std::string_view& pattern) {
  if (pattern.starts_with('[')) {
    if (const auto bytes = Brackets(pattern).take(pattern)) return *bytes;
  }
  if (pattern.starts_with('\\') && pattern.size() > 1)
    pattern.remove_prefix(1);
  else if (pattern.starts_with('?')) {
    pattern.remove_prefix(1);
    return ~Bytes();
  }
  const char c = pattern.front();
  pattern.remove_prefix(1);
  return only(c);
}

}  // namespace

Glob::Glob(std::string_view pattern) {
  pattern = pattern.substr(0, longest);
  std::vector<Bytes> steps;
  while (!pattern.empty()) {
    if (pattern.starts_with('*')) {
      stars_.at(steps.size() / 64) |= std::uint64_t{1} << (steps.size() % 64);
      pattern.remove_prefix(1);
    } else {
      steps.push_back(take_step(pattern));
    }
  }
  steps_ = steps.size();
  words_ = steps_ / 64 + 1;
  // Bytes that no step tells apart share a row: most patterns have a few.
  std::map<std::vector<std::uint64_t>, std::uint8_t> known;
  for (unsigned byte = 0; byte < 256; ++byte) {
    std::vector<std::uint64_t> row(words_);
    for (std::size_t i = 0; i < steps_; ++i) {
      if (steps[i].test(byte)) row[i / 64] |= std::uint64_t{1} << (i % 64);
    }
    const auto [at, added] = known.try_emplace(row, static_cast<std::uint8_t>(known.size()));
    if (added) rows_.insert(rows_.end(), row.begin(), row.end());
    row_of_.at(byte) = at->second;
  }
}

bool Glob::matches(std::string_view text) const noexcept {
  // Bit i is set: the first i steps may have been taken by what was read so far.
  std::array<std::uint64_t, most_words> states{};
  states[0] = 1;
  for (const char c : text) {
    const std::uint64_t* row = rows_.data() + row_of_[byte_of(c)] * words_;
    std::uint64_t carry = 0;
    std::uint64_t any = 0;
    for (std::size_t w = 0; w < words_; ++w) {
      const std::uint64_t taken = states[w] & row[w];
      states[w] = (states[w] & stars_[w]) | (taken << 1U) | carry;
      carry = taken >> 63U;
      any |= states[w];
    }
    if (any == 0) return false;
  }
  return ((states[steps_ / 64] >> (steps_ % 64)) & 1U) != 0;
}

}  // namespace rollcall
