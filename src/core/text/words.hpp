// Enumerations and the words that stand for them in JSON. The words are those of to_string(), whose
// switch the compiler keeps complete; readers and tests go through all of them by this file.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall {

/// What to_string() says of a value outside its enumeration; only a cast can make one.
inline constexpr std::string_view no_such_word = "?";

/// How many values an enumeration has that begins at 0 and leaves none out.
template <class Enum>
unsigned count_of_words() {
  unsigned count = 0;
  while (to_string(static_cast<Enum>(count)) != no_such_word) ++count;
  return count;
}

/// All words of an enumeration, in its order.
template <class Enum>
std::vector<std::string> words_of() {
  std::vector<std::string> words;
  for (unsigned i = 0; to_string(static_cast<Enum>(i)) != no_such_word; ++i) {
    words.emplace_back(to_string(static_cast<Enum>(i)));
  }
  return words;
}

/// The value that this word stands for, if any.
template <class Enum>
std::optional<Enum> value_of_word(std::string_view word) {
  for (unsigned i = 0; to_string(static_cast<Enum>(i)) != no_such_word; ++i) {
    if (to_string(static_cast<Enum>(i)) == word) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace rollcall
