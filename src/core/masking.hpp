// Command lines without their secrets. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall {

/// Arguments as they may be shown: what looks like a secret is masked, bytes that are not UTF-8 are
/// replaced, and what is too long is cut and ends in "…".
///
/// A rule that guesses: backends/host/README.md says what it takes for a secret. `program` is the
/// base name of the executable, for options that mean a password only to some.
std::vector<std::string> masked(std::span<const std::string> arguments, std::string_view program);

}  // namespace rollcall
