#include "cli/command_line/cli11.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text/suggest.hpp"

namespace rollcall::cli {

void add_choice(CLI::App& app, const std::string& names, std::string& word,
                const std::vector<std::string>& choices, const std::string& text) {
  CLI::Option* option = app.add_option(names, word, text);
  option->take_last()->type_name(fmt::format("{}", fmt::join(choices, "|")));
  option->check([choices](const std::string& given) {
    if (std::ranges::find(choices, given) != choices.end()) return std::string();
    return fmt::format("'{}' is none of {}{}", given, fmt::join(choices, ", "),
                       suggestion(given, choices));
  });
}

void add_text(CLI::App& app, const std::string& names, std::string& word, const std::string& value,
              const std::string& text) {
  app.add_option(names, word, text)->take_last()->type_name(value);
}

void add_repeated(CLI::App& app, const std::string& names, std::vector<std::string>& words,
                  const std::string& value, const std::string& text) {
  // One value per occurrence: "--runtime docker ls" must leave "ls" alone.
  app.add_option(names, words, text)->allow_extra_args(false)->type_name(value);
}

void append_options(const CLI::App& app, std::vector<OptionHelp>& all) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) continue;
    const auto& shorts = option->get_snames();
    const auto& longs = option->get_lnames();
    const bool flag = option->get_items_expected_max() == 0;
    OptionHelp help{.short_name = shorts.empty() ? "" : "-" + shorts.front(),
                    .long_name = "--" + longs.front(),
                    .value = flag ? "" : option->get_type_name(),
                    .summary = option->get_description(),
                    .group = option->get_group()};
    const bool known = std::ranges::find(all, help.long_name, &OptionHelp::long_name) != all.end();
    if (!known) all.push_back(std::move(help));
  }
}

}  // namespace rollcall::cli
