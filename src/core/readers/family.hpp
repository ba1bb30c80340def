// Whose label is it? The ways in which runtimes write the keys of one tool. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rollcall::readers {

/// The tools whose labels are read, the strongest first.
enum class Family : std::uint8_t {
  rollcall,
  koi,
  traefik,
  caddy,
  registrator,
  prometheus,
  homepage,
};
inline constexpr std::size_t families = 7;

struct FamilyKey {
  Family family{};
  std::string_view name;  ///< What follows the prefix: "health.path" of "koi.health.path".
};

/// Understands a key as any runtime writes it; nothing, if it is of no family.
///
///     rollcall.health.path         Docker, Podman
///     user.rollcall.health.path    Incus, LXD
///     rollcall.dev/health.path     Kubernetes; for koi it is koi.sylin.org/health.path
///
/// Prefixes that consist of words count in any case: the reader tells that it is a typo.
std::optional<FamilyKey> family_of(std::string_view key) noexcept;

}  // namespace rollcall::readers
