#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/command_line/command_line.hpp"

namespace rollcall::cli {
namespace {

std::vector<std::string> names_of(const OptionHelp& option) {
  std::vector<std::string> names = {option.long_name};
  if (!option.short_name.empty()) names.insert(names.begin(), option.short_name);
  return names;
}

std::vector<std::string> command_names(const CommandLine& line) {
  std::vector<std::string> names;
  for (const CommandHelp& command : line.commands) names.push_back(command.name);
  return names;
}

std::string single_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// ---- bash

/// The branch of the case statement over "command option" that completes an option's value.
std::string bash_value_branch(std::string_view command, const OptionHelp& option) {
  if (option.value.empty()) return {};
  std::vector<std::string> patterns;
  for (const std::string& name : names_of(option)) {
    patterns.push_back(fmt::format("'{} {}'", command, name));
  }
  return fmt::format("    {}) words='{}' ;;\n", fmt::join(patterns, "|"),
                     fmt::join(choices_in(option.value), " "));
}

std::string bash_words_branch(const CommandHelp& command) {
  std::vector<std::string> words = command.choices;
  for (const OptionHelp& option : command.options) words.push_back(option.long_name);
  return fmt::format("        {}) words='{}' ;;\n", command.name, fmt::join(words, " "));
}

std::string bash_script(const CommandLine& line) {
  std::vector<std::string> first = command_names(line);
  for (const OptionHelp& option : line.options) first.push_back(option.long_name);
  std::string values;
  std::string words;
  for (const OptionHelp& option : line.options) values += bash_value_branch("", option);
  for (const CommandHelp& command : line.commands) {
    for (const OptionHelp& option : command.options) {
      values += bash_value_branch(command.name, option);
    }
    words += bash_words_branch(command);
  }
  return fmt::format(
      R"(# Completion of rollcall for bash: source <(rollcall completion bash)
_rollcall() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}
  local command='' word words=''
  # Bash makes a word of the = in --option=value.
  if [[ $current == = ]]; then current=''
  elif [[ $previous == = ]]; then previous=${{COMP_WORDS[COMP_CWORD-2]}}; fi
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case $word in {0}) command=$word; break ;; esac
  done
  case "$command $previous" in
{1}    *)
      case $command in
{2}        *) words='{3}' ;;
      esac ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -F _rollcall rollcall
)",
      fmt::join(command_names(line), "|"), values, words, fmt::join(first, " "));
}

// ---- zsh

std::string zsh_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string zsh_option(const OptionHelp& option) {
  std::string specs;
  for (const std::string& name : names_of(option)) {
    std::string spec = fmt::format("*{}[{}]", name, zsh_escaped(option.summary));
    if (!option.value.empty()) {
      spec += fmt::format(":{}:({})", zsh_escaped(option.long_name.substr(2)),
                          fmt::join(choices_in(option.value), " "));
    }
    specs += fmt::format(" \\\n        {}", single_quoted(spec));
  }
  return specs;
}

std::string zsh_script(const CommandLine& line) {
  std::string commands;
  std::string branches;
  for (const CommandHelp& command : line.commands) {
    commands +=
        fmt::format("    {}\n", single_quoted(command.name + ":" + zsh_escaped(command.summary)));
    branches += fmt::format("    {}) _arguments", command.name);
    for (const OptionHelp& option : command.options) branches += zsh_option(option);
    if (!command.choices.empty()) {
      branches += fmt::format(" '*: :({})'", fmt::join(command.choices, " "));
    }
    branches += " ;;\n";
  }
  return fmt::format(R"(#compdef rollcall
# Completion of rollcall for zsh: source <(rollcall completion zsh)
_rollcall() {{
  local -a commands=(
{}  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
{}  esac
}}
if [[ $funcstack[1] == _rollcall ]]; then _rollcall "$@"; else compdef _rollcall rollcall; fi
)",
                     commands, branches);
}

// ---- fish

std::string fish_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

std::string fish_option(std::string_view condition, const OptionHelp& option) {
  std::string text = fmt::format("complete -c rollcall -n {} -l {}", fish_quoted(condition),
                                 option.long_name.substr(2));
  if (!option.short_name.empty()) text += " -s " + option.short_name.substr(1);
  if (!option.value.empty()) text += " -x";
  const auto choices = choices_in(option.value);
  if (!choices.empty()) text += fmt::format(" -a '{}'", fmt::join(choices, " "));
  return fmt::format("{} -d {}\n", text, fish_quoted(option.summary));
}

std::string fish_script(const CommandLine& line) {
  std::string script =
      "# Completion of rollcall for fish: rollcall completion fish | source\n"
      "complete -c rollcall -f\n";
  for (const OptionHelp& option : line.options) {
    script += fish_option("__fish_use_subcommand", option);
  }
  for (const CommandHelp& command : line.commands) {
    script += fmt::format("complete -c rollcall -n __fish_use_subcommand -a {} -d {}\n",
                          command.name, fish_quoted(command.summary));
    const std::string inside = "__fish_seen_subcommand_from " + command.name;
    if (!command.choices.empty()) {
      script += fmt::format("complete -c rollcall -n '{}' -a '{}'\n", inside,
                            fmt::join(command.choices, " "));
    }
    for (const OptionHelp& option : command.options) script += fish_option(inside, option);
  }
  return script;
}

}  // namespace

std::string completion_script(const CommandLine& line, std::string_view shell) {
  if (shell == "bash") return bash_script(line);
  return shell == "zsh" ? zsh_script(line) : fish_script(line);
}

}  // namespace rollcall::cli
