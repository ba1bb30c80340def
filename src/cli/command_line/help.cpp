#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/command_line/command_line.hpp"

namespace rollcall::cli {
namespace {

/// Where the summaries begin.
constexpr std::size_t summary_column = 30;

std::string names_of(const OptionHelp& option) {
  std::string names = option.short_name.empty() ? "    " : option.short_name + ", ";
  names += option.long_name;
  if (!option.value.empty()) names += " " + option.value;
  return names;
}

std::string entry(const std::string& left, const std::string& right) {
  if (left.size() + 4 <= summary_column) {
    return fmt::format("  {:<{}}{}\n", left, summary_column - 2, right);
  }
  return fmt::format("  {}\n{:{}}{}\n", left, "", summary_column, right);
}

/// Options under their headings, in the order in which the headings first occur.
std::string options_text(const std::vector<OptionHelp>& options) {
  std::vector<std::string> groups;
  for (const OptionHelp& option : options) {
    if (std::ranges::find(groups, option.group) == groups.end()) groups.push_back(option.group);
  }
  std::string text;
  for (const std::string& group : groups) {
    text += fmt::format("\n{}:\n", group);
    for (const OptionHelp& option : options) {
      if (option.group == group) text += entry(names_of(option), option.summary);
    }
  }
  return text;
}

}  // namespace

std::vector<std::string> choices_in(std::string_view value) {
  std::vector<std::string> words;
  if (!value.contains('|')) return words;
  for (std::size_t begin = 0; begin <= value.size();) {
    const std::size_t end = std::min(value.find('|', begin), value.size());
    words.emplace_back(value.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

std::string help_text(const CommandLine& line) {
  std::string text = line.summary + "\n\nUsage: rollcall COMMAND [OPTIONS]\n\nCommands:\n";
  for (const CommandHelp& command : line.commands) {
    text += fmt::format("  {:<12}{}\n", command.name, command.summary);
  }
  return text + options_text(line.options) + "\n" + line.notes;
}

std::string help_text(const CommandHelp& command) {
  std::string text = command.summary + "\n\nUsage: rollcall " + command.name;
  if (!command.argument.empty()) text += " " + command.argument;
  if (!command.options.empty()) text += " [OPTIONS]";
  return text + "\n" + options_text(command.options) + "\n" + command.notes;
}

}  // namespace rollcall::cli
