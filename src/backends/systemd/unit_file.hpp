// The settings for Rollcall in a unit file: `X-` keys, which systemd itself ignores.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

namespace rollcall::systemd {

/// Labels by key: "rollcall.health.path" of `X-Rollcall-HealthPath=`.
using Settings = std::map<std::string, std::string, std::less<>>;

/// Reads a fragment and its drop-ins in the order in which systemd reads them: a later assignment
/// of a key replaces an earlier one, an empty one takes it back.
///
/// `X-Rollcall-*` and `X-Koi-*` count in any section, the bare names in [X-Rollcall] and [X-Koi].
/// In values %i, %p, %n and %% stand for the instance, the prefix and the name of the unit, and a
/// percent sign; every other text is taken as it is. Nothing else of the files is looked at.
Settings read_settings(std::string_view unit, std::span<const std::string> texts);

}  // namespace rollcall::systemd
