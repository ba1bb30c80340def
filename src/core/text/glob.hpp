// Patterns of the shell: * ? [abc] [!a-z] [[:digit:]], and a backslash before what is meant itself.
// Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/budgets.hpp"

namespace rollcall {

/// A pattern that was read once and is for the whole of a text, byte by byte.
///
/// All that a pattern may have matched so far is kept as bits, so a byte of the text costs one step
/// for 64 bytes of the pattern, however many stars there are; nothing is ever tried twice.
class Glob {
 public:
  /// The longest pattern.
  static constexpr std::size_t longest = budget::filter_pattern_bytes;

  /// Whether a text is meant as a pattern.
  [[nodiscard]] static bool is_pattern(std::string_view text) noexcept {
    return text.find_first_of("*?[") != text.npos;
  }

  /// Only the first `longest` bytes of a pattern count: callers that take foreign patterns refuse
  /// longer ones.
  explicit Glob(std::string_view pattern);

  [[nodiscard]] bool matches(std::string_view text) const noexcept;

 private:
  static constexpr std::size_t most_words = longest / 64 + 1;

  std::size_t steps_ = 0;                          // bytes that must match, each by one step
  std::size_t words_ = 1;                          // of bits, for all states
  std::array<std::uint8_t, 256> row_of_{};         // of each byte
  std::vector<std::uint64_t> rows_;                // the steps that a byte can take, a bit each
  std::array<std::uint64_t, most_words> stars_{};  // the states in which any byte may come
};

}  // namespace rollcall
