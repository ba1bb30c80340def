// The values of options: how each type is written as words, and read from them.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace rollcall::option {

using Milliseconds = std::chrono::milliseconds;

/// A time, or nothing, written "never".
using MaybeNever = std::optional<Milliseconds>;

/// A number of bytes, written "64KiB" or "16MiB".
struct ByteCount {
  std::size_t* at;
};

/// The rights of a file, written "0660".
struct FileMode {
  unsigned* at;
};

/// Points to the field of a value; its type decides the syntax.
using Field = std::variant<std::string*, std::vector<std::string>*, bool*, std::size_t*, ByteCount,
                           FileMode, Milliseconds*, MaybeNever*>;

/// Says what is wrong with a word, and what would be right; empty: nothing.
using CheckWord = std::string (*)(const std::string& word);

/// Assigns the words to the field: one word, or any number for a list.
///
/// Errors: a sentence about the value, without its place.
std::expected<void, std::string> assign(const Field& field, std::span<const std::string> words,
                                        CheckWord check = nullptr);

/// The words that assign() would understand; none for an empty list, "" for an empty text.
std::vector<std::string> words_of(const Field& field);

/// Whether the field takes any number of words.
bool is_list(const Field& field);

}  // namespace rollcall::option
