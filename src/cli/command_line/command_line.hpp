// The command line as data. Help and completion are generated from it, so neither can go stale.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rollcall::cli {

struct OptionHelp {
  std::string short_name;  ///< "-o", or empty.
  std::string long_name;   ///< "--output".
  std::string value;       ///< "table|wide|json", "KEY=VALUE"; empty for a flag.
  std::string summary;
  std::string group;  ///< The heading it stands under.
};

/// The choices of a value written "one|two|three"; empty if any value is allowed.
std::vector<std::string> choices_in(std::string_view value);

struct CommandHelp {
  std::string name;
  std::string summary;               ///< One line.
  std::string argument;              ///< "bash|zsh", "[RUNTIME...]"; empty if it takes none.
  std::vector<std::string> choices;  ///< The words that the argument may be.
  std::vector<OptionHelp> options;   ///< Its own options and the shared ones.
  std::string notes;                 ///< Text below the options: examples.
};

struct CommandLine {
  std::string summary;
  std::vector<CommandHelp> commands;
  std::vector<OptionHelp> options;  ///< The shared options.
  std::string notes;
};

/// `rollcall --help`.
std::string help_text(const CommandLine& line);

/// `rollcall COMMAND --help`.
std::string help_text(const CommandHelp& command);

/// A completion script for "bash", "zsh" or "fish".
std::string completion_script(const CommandLine& line, std::string_view shell);

}  // namespace rollcall::cli
