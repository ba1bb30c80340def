// Checks of option values, and the quoting of bad ones in errors. Pure.
#pragma once

#include <span>
#include <string>

namespace rollcall::option {

/// Quotes a word for an error: short, and without a password.
std::string quoted(const std::string& word);

// Each function says what is wrong with a word; empty: nothing.

/// The word must be one of `words`.
std::string none_of(const std::string& word, std::span<const std::string> words);
std::string check_path(const std::string& word);
/// A poll interval: at least 100 ms, because polling without a pause would keep a core busy.
std::string check_period(const std::string& word);
/// The same, or 0 for none.
std::string check_period_or_zero(const std::string& word);

}  // namespace rollcall::option
