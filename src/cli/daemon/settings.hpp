// Every key of the configuration, as data: file, environment, flags, the printed form and the
// reference all follow this one table.
#pragma once

#include <expected>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cli/daemon/config.hpp"

namespace rollcall::cli::daemon {

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

template <class Object>
struct Setting {
  std::string_view key;   ///< "limits.connections".
  std::string_view flag;  ///< Of `rollcall serve`, "--socket"; empty: none.
  Field (*at)(Object& object);
  CheckWord check = nullptr;  ///< Of each word; null: any will do.
};

/// All keys but `engines`, in the order of the reference.
std::span<const Setting<Config>> settings();

/// The keys of one of the `engines`.
std::span<const Setting<EngineConfig>> engine_settings();

/// "ROLLCALL_LIMITS_CONNECTIONS".
std::string variable_of(std::string_view key);

/// Assigns the words to the field: one word, or any number for a list.
///
/// Errors: a sentence about the value, without its place.
std::expected<void, std::string> assign(const Field& field, std::span<const std::string> words,
                                        CheckWord check = nullptr);

/// The words that assign() would understand; none for an empty list, "" for an empty text.
std::vector<std::string> words_of(const Field& field);

/// Whether the field takes any number of words.
bool is_list(const Field& field);

/// The complete configuration in the form of a file, with each key's origin as a comment.
/// `origins`: by key, "the default" for those that are absent.
std::string print(Config config, const std::map<std::string, std::string, std::less<>>& origins);

}  // namespace rollcall::cli::daemon
