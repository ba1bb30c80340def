// Reads Rollcall's settings in a unit file: `X-` keys, which systemd ignores.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

namespace rollcall::systemd {

/// Labels by key: "rollcall.health.path" of `X-Rollcall-HealthPath=`.
using Settings = std::map<std::string, std::string, std::less<>>;

/// Reads a fragment and its drop-ins in the order of systemd: a later assignment of a key replaces
/// an earlier one, and an empty one removes it.
///
/// `X-Rollcall-*` and `X-Koi-*` count in any section, bare names in [X-Rollcall] and [X-Koi]. In
/// values %i, %p, %n and %% expand to the instance, the prefix and the name of the unit, and a
/// percent sign; all other text is literal. Nothing else in the files is read.
Settings read_settings(std::string_view unit, std::span<const std::string> texts);

}  // namespace rollcall::systemd
