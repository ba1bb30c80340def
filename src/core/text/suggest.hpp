// "Did you mean": the nearest of the words that would have been right.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace rollcall {

/// "; did you mean 'watch'?" for a word that is nearly one of `words`, else nothing.
std::string suggestion(std::string_view word, std::span<const std::string> words);

}  // namespace rollcall
