#include "core/readers/family.hpp"

#include <array>

#include "core/readers/values.hpp"

namespace rollcall::readers {
namespace {

struct Prefix {
  std::string_view text;
  Family family;
  bool caseless;
};

// One that begins another stands behind it.
constexpr auto prefixes = std::to_array<Prefix>({
    {"rollcall.dev/", Family::rollcall, true},
    {"rollcall.", Family::rollcall, true},
    {"koi.sylin.org/", Family::koi, true},
    {"koi.", Family::koi, true},
    {"traefik.", Family::traefik, true},
    {"SERVICE_", Family::registrator, false},
    {"prometheus.io/", Family::prometheus, false},
    {"homepage.", Family::homepage, false},
});

constexpr std::string_view incus = "user.";
constexpr std::string_view caddy = "caddy";

}  // namespace

std::optional<FamilyKey> family_of(std::string_view key) noexcept {
  if (key.starts_with(incus)) key.remove_prefix(incus.size());
  for (const auto& [text, family, caseless] : prefixes) {
    const bool fits = caseless ? begins_with_caseless(key, text) : key.starts_with(text);
    if (fits) return FamilyKey{.family = family, .name = key.substr(text.size())};
  }
  if (key.starts_with(caddy)) {
    const std::string_view name = key.substr(caddy.size());
    if (name.empty() || name[0] == '.' || name[0] == '_') {
      return FamilyKey{.family = Family::caddy, .name = name};
    }
  }
  return std::nullopt;
}

}  // namespace rollcall::readers
