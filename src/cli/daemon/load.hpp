// Where the configuration comes from: flags beat the environment, that beats the file, that beats
// what is built in.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <rollcall/config.hpp>

#include "cli/daemon/config.hpp"
#include "cli/daemon/config_file.hpp"

namespace rollcall::cli::daemon {

/// A flag of the command line that was given, and its words.
struct GivenFlag {
  std::string name;  ///< "--socket".
  std::vector<std::string> words;
};

/// All that is read anew at a reload.
struct Sources {
  std::string file{};  ///< Empty: ROLLCALL_CONFIG, else the usual one if it is there.
  std::vector<GivenFlag> flags{};
  Getenv getenv = process_environment();
};

/// A configuration that can be used, or why it cannot.
struct Loaded {
  Config config{};
  Origins origins{};
  std::string file{};  ///< That was read; empty: none.
  ConfigErrors errors{};
};

inline constexpr const char* usual_file = "/etc/rollcall/rollcall.yaml";

/// Reads, merges and checks. All errors are found.
Loaded load(const Sources& sources);

}  // namespace rollcall::cli::daemon
