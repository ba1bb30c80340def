// The tools whose labels are read: a row each in families.cpp, with its keys and its reader. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/labels/readers/draft.hpp"

namespace rollcall::readers {

/// How the keys of a tool begin.
struct Prefix {
  enum class Match : std::uint8_t {
    exact,
    any_case,  ///< Of words: the reader tells that another case is a typo.
    word,  ///< Exact, and followed by nothing, a dot or an underscore, which belong to the name.
  };
  std::string_view text;
  Match match = Match::exact;
};

/// Reads the labels of one tool, in the order of their keys, and puts what they say into the draft.
using ReadLabels = void(std::span<const Label> labels, Draft& draft);

/// One tool whose labels are read.
struct Family {
  std::array<Prefix, 2> prefixes;  ///< Longer prefixes first; there may be only one.
  ReadLabels& read;                ///< A reference: a row without a reader does not compile.
};

/// All families, the strongest first: later ones do not override earlier ones.
[[nodiscard]] std::span<const Family> families() noexcept;

struct FamilyKey {
  std::size_t family = 0;  ///< Its place in families().
  std::string_view name;   ///< What follows the prefix: "health.path" of "koi.health.path".
};

/// Understands a key as any runtime writes it; nothing, if it is of no family.
///
///     rollcall.health.path         Docker, Podman
///     user.rollcall.health.path    Incus, LXD
///     rollcall.dev/health.path     Kubernetes; for koi it is koi.sylin.org/health.path
[[nodiscard]] std::optional<FamilyKey> family_of(std::string_view key) noexcept;

}  // namespace rollcall::readers
