// The configuration file: YAML, in which nothing that is not understood is passed over.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/daemon/config.hpp"

namespace rollcall::cli::daemon {

/// Where each key was said: "rollcall.yaml:12", "ROLLCALL_GRACE", "--grace".
using Origins = std::map<std::string, std::string, std::less<>>;

/// What is wrong in a configuration, each with its place: "rollcall.yaml:12: …".
using ConfigErrors = std::vector<std::string>;

/// Puts what a file says over `config`. `name` stands for the file in errors and origins.
///
/// All errors are found, not only the first. If there are any, `config` is half done.
ConfigErrors apply_file(std::string_view text, const std::string& name, Config& config,
                        Origins& origins);

}  // namespace rollcall::cli::daemon
