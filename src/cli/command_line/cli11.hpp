// Options of CLI11 as this program writes them.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/command_line/command_line.hpp"

namespace rollcall::cli {

/// An option that is one of these words; the last one that is written counts.
void add_choice(CLI::App& app, const std::string& names, std::string& word,
                const std::vector<std::string>& choices, const std::string& text);

/// An option with any text; the last one that is written counts.
void add_text(CLI::App& app, const std::string& names, std::string& word, const std::string& value,
              const std::string& text);

/// An option that may be written several times, with one value each time.
void add_repeated(CLI::App& app, const std::string& names, std::vector<std::string>& words,
                  const std::string& value, const std::string& text);

/// Appends the options of a command that are not in the list yet.
void append_options(const CLI::App& app, std::vector<OptionHelp>& all);

}  // namespace rollcall::cli
