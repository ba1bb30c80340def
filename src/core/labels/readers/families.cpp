#include "core/labels/readers/families.hpp"

#include "core/labels/readers/readers.hpp"
#include "core/labels/readers/values.hpp"

namespace rollcall::readers {
namespace {

using enum Prefix::Match;

/// To add a tool, add a file beside this one and a row here.
constexpr auto all = std::to_array<Family>({
    {{{{"rollcall.dev/", any_case}, {"rollcall.", any_case}}}, read_rollcall},
    {{{{"koi.sylin.org/", any_case}, {"koi.", any_case}}}, read_koi},
    {{{{"traefik.", any_case}}}, read_traefik},
    {{{{"caddy", word}}}, read_caddy},
    {{{{"SERVICE_"}}}, read_registrator},
    {{{{"prometheus.io/"}}}, read_prometheus},
    {{{{"homepage."}}}, read_homepage},
});

constexpr std::string_view incus = "user.";

/// What follows the prefix; nothing, if the key does not begin with it.
std::optional<std::string_view> name_after(const Prefix& prefix, std::string_view key) noexcept {
  if (prefix.text.empty()) return std::nullopt;
  const bool begins = prefix.match == any_case ? begins_with_caseless(key, prefix.text)
                                               : key.starts_with(prefix.text);
  if (!begins) return std::nullopt;
  const std::string_view name = key.substr(prefix.text.size());
  const bool goes_on = prefix.match == word && !name.empty() && name[0] != '.' && name[0] != '_';
  return goes_on ? std::nullopt : std::optional(name);
}

}  // namespace

std::span<const Family> families() noexcept {
  return all;
}

std::optional<FamilyKey> family_of(std::string_view key) noexcept {
  if (key.starts_with(incus)) key.remove_prefix(incus.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const Prefix& prefix : all[i].prefixes) {
      if (const auto name = name_after(prefix, key)) return FamilyKey{.family = i, .name = *name};
    }
  }
  return std::nullopt;
}

}  // namespace rollcall::readers
