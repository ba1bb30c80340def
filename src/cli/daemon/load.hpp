// Loads the configuration. Flags override the environment, which overrides the file, which
// overrides the defaults.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <rollcall/config.hpp>

#include "cli/daemon/config.hpp"
#include "cli/daemon/config_file.hpp"
#include "server/options.hpp"

namespace rollcall::cli::daemon {

/// A flag on the command line, and its values.
struct GivenFlag {
  std::string name;  ///< "--socket".
  std::vector<std::string> words;
};

/// The sources of the configuration, which a reload reads again.
struct Sources {
  std::string file{};  ///< Empty: ROLLCALL_CONFIG, else the usual one if it is there.
  std::vector<GivenFlag> flags{};
  Getenv getenv = process_environment();
  bool sockets_passed = false;  ///< By a service manager; its variables are gone by now.
  bool check_only = false;      ///< No start follows, so its checks are made here.
};

/// A configuration that can be used, or why it cannot.
struct Loaded {
  Config config{};
  Origins origins{};
  std::string file{};              ///< The file that was read; empty: none.
  server::ServerOptions server{};  ///< Including the token.
  ConfigErrors errors{};
};

inline constexpr const char* usual_file = "/etc/rollcall/rollcall.yaml";

/// Reads, merges and checks. Finds all errors.
Loaded load(const Sources& sources);

}  // namespace rollcall::cli::daemon
