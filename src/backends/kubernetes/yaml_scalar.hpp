// The type of a plain YAML scalar for kubectl, which reads YAML 1.1. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <yaml-cpp/node/node.h>

namespace rollcall::kubernetes {

enum class ScalarKind : std::uint8_t { text, truth, number };

/// The truth value of a word: true, yes, on, y and their opposites, in lower case, upper case, or
/// capitalized.
std::optional<bool> truth_of(std::string_view word);

/// Whether a plain word is a number: decimal, also with an exponent or underscores, 0x…, 0o…, 0b….
bool is_number(std::string_view word);

/// The kind of a scalar node; quotes and tags decide before the word does.
ScalarKind scalar_kind(const YAML::Node& scalar);

}  // namespace rollcall::kubernetes
