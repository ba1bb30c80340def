// The configuration file: YAML. Anything that is not understood is an error.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/daemon/config.hpp"

namespace rollcall::cli::daemon {

/// Where each key was set: "rollcall.yaml:12", "ROLLCALL_GRACE", "--grace".
using Origins = std::map<std::string, std::string, std::less<>>;

/// The errors of a configuration, each with its place: "rollcall.yaml:12: …".
using ConfigErrors = std::vector<std::string>;

/// Overrides `config` with the values of a file. `name` names the file in errors and origins.
///
/// Finds all errors, not only the first; beyond twenty it only counts them. If there are any,
/// `config` is incomplete.
ConfigErrors apply_file(std::string_view text, const std::string& name, Config& config,
                        Origins& origins);

}  // namespace rollcall::cli::daemon
