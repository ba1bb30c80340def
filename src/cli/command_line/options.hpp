// The command line as plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <rollcall/config.hpp>

#include "cli/daemon/load.hpp"
#include "cli/selection.hpp"
#include "cli/view/format.hpp"
#include "core/filter.hpp"

namespace rollcall::cli {

enum class Command : std::uint8_t { list, watch, doctor, explain, serve };
enum class Output : std::uint8_t { table, wide, json, jsonl, yaml };
enum class SortKey : std::uint8_t { name, runtime, state, image, group, age };

/// A daemon that is asked instead of the engines.
struct DaemonAddress {
  std::string url{};         ///< A URL or the path of a socket; empty: no daemon.
  std::string token_file{};  ///< Empty: no token.
  std::string ca_file{};     ///< Of https://; empty: what this system trusts.
};

/// For `rollcall serve`: the sources of its configuration.
struct ServeOptions {
  bool check_config = false;
  daemon::Sources sources{};
};

/// The parsed command line. Everything in it is checked and valid.
struct Options {
  Command command = Command::list;
  Selection selection;
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);
  RuntimeOptions runtime_options;
  bool verbose = false;

  /// Of explain: the name or id.
  std::string subject;

  Filters filters;
  std::optional<Format> format;
  Output output = Output::table;
  SortKey sort = SortKey::name;
  bool all = false;
  bool quiet = false;
  bool no_trunc = false;

  DaemonAddress server;
  ServeOptions serve;

  /// The options for backends that do not depend on the command.
  [[nodiscard]] BackendOptions backend_options() const;
};

/// The run ends before a command starts: help, version, completion script, or a wrong command line.
struct Answer {
  int exit_code = 0;
  std::string text;  ///< For standard output if the code is 0, else for standard error.
};

/// Parses the words after the program's name.
std::variant<Options, Answer> parse_command_line(const std::vector<std::string>& words);

}  // namespace rollcall::cli
