// The options of each command for CLI11, and the words that the user wrote for them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

namespace rollcall::cli {

inline constexpr std::string_view runtimes_name = "runtimes";
/// "all|auto|docker|…".
[[nodiscard]] std::string runtime_choices();

/// The command line as it was written.
struct Words {
  std::vector<std::string> runtimes;
  std::vector<std::string> arguments;  // runtimes, too
  std::vector<std::string> endpoints;
  std::vector<std::string> filters;
  std::string output = "table";
  std::string sort = "name";
  std::string format;
  std::string timeout = "5s";
  std::string shell;
  std::string subject;
  bool all = false;
  bool quiet = false;
  bool no_trunc = false;
  bool verbose = false;
  /// The options of runtimes, by flag: the values of those that take some, and whether the others
  /// were given.
  std::map<std::string_view, std::vector<std::string>> runtime_values;
  std::map<std::string_view, bool> runtime_flags;

  // Of `--server`.
  std::string server;
  std::string token_file;
  std::string ca_file;

  // Of serve.
  std::string config;
  bool check_config = false;
  bool reveal = false;
  /// The options of the daemon that set a key of the configuration; CLI11 holds their values.
  std::map<std::string, std::vector<std::string>> keys;
};

/// The shared options, which may come before or after a command.
void add_shared_options(CLI::App& app, Words& words);

// Each function adds the command of that name, with its options.
CLI::App* add_list(CLI::App& app, Words& words);
CLI::App* add_watch(CLI::App& app, Words& words);
CLI::App* add_explain(CLI::App& app, Words& words);
CLI::App* add_doctor(CLI::App& app, Words& words);
CLI::App* add_serve(CLI::App& app, Words& words);
CLI::App* add_completion(CLI::App& app, Words& words);

}  // namespace rollcall::cli
