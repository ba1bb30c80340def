#include "cli/command_line/options.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/command_line/cli11.hpp"
#include "cli/command_line/command_line.hpp"
#include "cli/command_line/manual.hpp"
#include "cli/command_line/option_words.hpp"
#include "cli/daemon/settings.hpp"
#include "core/option/times.hpp"
#include "core/runtimes.hpp"
#include "core/text/suggest.hpp"

namespace rollcall::cli {
namespace {

constexpr int usage_error = 2;

constexpr auto outputs =
    std::to_array<std::pair<std::string_view, Output>>({{"table", Output::table},
                                                        {"wide", Output::wide},
                                                        {"json", Output::json},
                                                        {"jsonl", Output::jsonl},
                                                        {"yaml", Output::yaml},
                                                        {"text", Output::table}});

constexpr auto sort_keys =
    std::to_array<std::pair<std::string_view, SortKey>>({{"name", SortKey::name},
                                                         {"runtime", SortKey::runtime},
                                                         {"state", SortKey::state},
                                                         {"image", SortKey::image},
                                                         {"group", SortKey::group},
                                                         {"age", SortKey::age}});

template <class Table>
auto value_of(const Table& table, std::string_view word) {
  return std::ranges::find(table, word, [](const auto& entry) { return entry.first; })->second;
}

}  // namespace

BackendOptions Options::backend_options() const {
  BackendOptions options;
  options.include_stopped = all;
  options.runtime_options = runtime_options;
  return options;
}

namespace {

/// The CLI11 program with all commands and options, bound to the words.
class Parser {
 public:
  Parser();

  std::variant<Options, Answer> parse(std::vector<std::string> words);

 private:
  [[nodiscard]] std::expected<Options, std::string> options() const;
  [[nodiscard]] std::string read_timeout(Options& options) const;
  [[nodiscard]] std::string read_runtime_options(RuntimeOptions& options) const;
  [[nodiscard]] std::string read_runtime_option(const RuntimeOption& it,
                                                RuntimeOptions& options) const;
  void take_plain_words(Options& options) const;
  [[nodiscard]] std::string why_not_of_a_daemon() const;
  [[nodiscard]] ServeOptions serve_options(const Selection& selection) const;
  [[nodiscard]] Answer help() const;
  [[nodiscard]] Answer misuse(const std::string& what) const;
  [[nodiscard]] std::string unexpected_word() const;
  [[nodiscard]] const CLI::App* command() const;
  [[nodiscard]] CommandHelp describe(const CLI::App& command) const;
  [[nodiscard]] CommandLine describe() const;

  Words words_;
  CLI::App app_{std::string(manual::summary), "rollcall"};
  CLI::App* list_ = nullptr;
  CLI::App* watch_ = nullptr;
  CLI::App* explain_ = nullptr;
  CLI::App* doctor_ = nullptr;
  CLI::App* serve_ = nullptr;
  CLI::App* completion_ = nullptr;
};

Parser::Parser() {
  app_.footer(std::string(manual::notes));
  app_.require_subcommand(0, 1);
  app_.fallthrough();  // shared options may come after the command
  app_.set_help_flag("-h,--help", "Show this help")->group("General");
  list_ = add_list(app_, words_);
  watch_ = add_watch(app_, words_);
  explain_ = add_explain(app_, words_);
  doctor_ = add_doctor(app_, words_);
  serve_ = add_serve(app_, words_);
  completion_ = add_completion(app_, words_);
  add_shared_options(app_, words_);
  for (CLI::App* command : app_.get_subcommands({})) {
    command->get_option("--help")->group("General");
  }
}

const CLI::App* Parser::command() const {
  const auto used = app_.get_subcommands();
  return used.empty() ? nullptr : used.front();
}

std::variant<Options, Answer> Parser::parse(std::vector<std::string> words) {
  std::ranges::reverse(words);  // CLI11 takes them from the back
  try {
    app_.parse(std::move(words));
  } catch (const CLI::CallForHelp&) {
    return help();
  } catch (const CLI::CallForVersion& version) {
    return Answer{0, std::string(version.what()) + "\n"};
  } catch (const CLI::ExtrasError&) {
    return misuse(unexpected_word());
  } catch (const CLI::RequiredError&) {
    return misuse(command() == explain_ ? "which instance? its name, or the beginning of its id"
                                        : "for which shell? bash, zsh or fish");
  } catch (const CLI::ExcludesError& error) {
    return misuse(std::string(error.what()) + "; give one of the two");
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string_view text = error.what();
    if (!text.ends_with("missing")) return misuse(error.what());
    return misuse(fmt::format("{} needs a value", text.substr(0, text.find(':'))));
  } catch (const CLI::Error& error) {
    return misuse(error.what());
  }
  if (command() == nullptr) return help();
  if (command() == completion_) return Answer{0, completion_script(describe(), words_.shell)};
  auto parsed = options();
  if (!parsed) return misuse(parsed.error());
  return std::move(*parsed);
}

std::expected<Options, std::string> Parser::options() const {
  Options options;
  options.command = command() == watch_     ? Command::watch
                    : command() == doctor_  ? Command::doctor
                    : command() == explain_ ? Command::explain
                    : command() == serve_   ? Command::serve
                                            : Command::list;
  if (std::string why = why_not_of_a_daemon(); !why.empty()) return std::unexpected(why);
  options.server = {
      .url = words_.server, .token_file = words_.token_file, .ca_file = words_.ca_file};
  std::vector<std::string> runtimes = words_.runtimes;
  runtimes.insert(runtimes.end(), words_.arguments.begin(), words_.arguments.end());
  auto selection = Selection::parse(runtimes, words_.endpoints);
  if (!selection) return std::unexpected(std::move(selection.error()));
  if (command() == serve_) options.serve = serve_options(*selection);
  if (std::string wrong = read_runtime_options(options.runtime_options); !wrong.empty()) {
    return std::unexpected(std::move(wrong));
  }
  selection->name_by_options(options.runtime_options);
  options.selection = std::move(*selection);
  auto filters = Filters::parse(words_.filters);
  if (!filters) return std::unexpected(std::move(filters.error()));
  options.filters = std::move(*filters);
  if (command() == list_ && list_->count("--format") > 0) {
    auto format = Format::parse(words_.format);
    if (!format) return std::unexpected(std::move(format.error()));
    options.format = std::move(*format);
  }
  if (auto wrong = read_timeout(options); !wrong.empty()) return std::unexpected(std::move(wrong));
  take_plain_words(options);
  return options;
}

/// What is wrong with one of them; empty if nothing is.
std::string Parser::read_runtime_options(RuntimeOptions& options) const {
  for (const RuntimeTraits* runtime : runtimes()) {
    for (const RuntimeOption& it : runtime->options) {
      if (std::string wrong = read_runtime_option(it, options); !wrong.empty()) return wrong;
    }
  }
  return {};
}

std::string Parser::read_runtime_option(const RuntimeOption& it, RuntimeOptions& options) const {
  std::vector<std::string> words;
  if (const auto values = words_.runtime_values.find(it.flag);
      values != words_.runtime_values.end()) {
    words = values->second;
  }
  const auto flag = words_.runtime_flags.find(it.flag);
  const bool set = flag != words_.runtime_flags.end() && flag->second;
  // An instance may be asked about because it is not shown.
  if (set || (it.widens && command() == explain_)) words = {"true"};
  if (words.empty()) return {};
  const auto done = option::assign(it.at(options), words, it.check);
  return done ? std::string() : fmt::format("{}: {}", it.flag, done.error());
}

/// What is wrong with it; empty if nothing is.
std::string Parser::read_timeout(Options& options) const {
  const auto timeout = option::parse_time(words_.timeout);
  if (!timeout) {
    return fmt::format("--timeout: '{}' is no time such as 5s, 500ms or 1m (at most a day)",
                       words_.timeout);
  }
  options.timeout = *timeout;
  return {};
}

/// Those in which CLI11 has left nothing to check.
void Parser::take_plain_words(Options& options) const {
  options.output = value_of(outputs, words_.output);
  options.sort = value_of(sort_keys, words_.sort);
  options.verbose = words_.verbose;
  options.all = words_.all;
  options.quiet = words_.quiet;
  options.no_trunc = words_.no_trunc;
  options.subject = words_.subject;
  if (options.command == Command::explain) options.all = true;  // as with options that widen
}

/// Refuses options that only the daemon decides.
std::string Parser::why_not_of_a_daemon() const {
  const CLI::App* asked = command();
  const auto given = [asked, this](const std::string& name) {
    const CLI::Option* own = asked->get_option_no_throw(name);
    const CLI::Option* shared = app_.get_option_no_throw(name);
    return (own != nullptr && own->count() > 0) || (shared != nullptr && shared->count() > 0);
  };
  if (asked == serve_) return {};
  if (words_.server.empty()) {
    for (const char* name : {"--token-file", "--ca-file"}) {
      if (given(name)) return fmt::format("{} is of a daemon; name it by --server", name);
    }
    return {};
  }
  std::vector<std::string> daemons = {"--endpoint", "--all"};
  for (const RuntimeTraits* runtime : runtimes()) {
    for (const RuntimeOption& it : runtime->options) daemons.emplace_back(it.flag);
  }
  const auto name = std::ranges::find_if(daemons, given);
  if (name == daemons.end()) return {};
  return fmt::format("{} is for the daemon to decide, so it does not go with --server", *name);
}

ServeOptions Parser::serve_options(const Selection& selection) const {
  ServeOptions serve{.check_config = words_.check_config, .sources = {.file = words_.config}};
  const auto add = [&serve](const CLI::App& app, std::string_view name) {
    const CLI::Option* option = app.get_option_no_throw(std::string(name));
    if (option == nullptr || option->count() == 0) return;
    const bool flag = option->get_items_expected_max() == 0;
    serve.sources.flags.push_back(
        {std::string(name), flag ? std::vector<std::string>{"true"} : option->results()});
  };
  for (const auto& setting : daemon::settings()) {
    if (setting.flag.empty() || setting.flag == "--runtime") continue;
    add(app_, setting.flag);
    add(*serve_, setting.flag);
  }
  std::vector<std::string> engines;
  for (const NamedEndpoint& endpoint : selection.endpoints) {
    engines.push_back(fmt::format("{}={}", to_string(endpoint.kind), endpoint.url));
  }
  std::vector<std::string> runtimes;
  for (const RuntimeBackendKind kind : selection.kinds) runtimes.emplace_back(to_string(kind));
  const bool some = !words_.runtimes.empty() || !words_.arguments.empty();
  if (selection.all && some) runtimes.emplace_back("all");
  if (!engines.empty()) serve.sources.flags.push_back({"--endpoint", std::move(engines)});
  if (!runtimes.empty()) serve.sources.flags.push_back({"--runtime", std::move(runtimes)});
  if (words_.verbose && serve_->count("--log-level") == 0) {
    serve.sources.flags.push_back({"--log-level", {"debug"}});
  }
  return serve;
}

std::string Parser::unexpected_word() const {
  const auto left = app_.remaining(true);
  const std::string word = left.empty() ? std::string() : left.front();
  std::vector<std::string> candidates;
  const CommandLine line = describe();
  if (word.starts_with('-')) {
    const auto& options = command() == nullptr ? line.options : describe(*command()).options;
    for (const OptionHelp& option : options) candidates.push_back(option.long_name);
    return fmt::format("unknown option '{}'{}", word, suggestion(word, candidates));
  }
  if (command() != nullptr) return fmt::format("'{}' is one word too many", word);
  for (const CommandHelp& command : line.commands) candidates.push_back(command.name);
  return fmt::format("unknown command '{}'{}", word, suggestion(word, candidates));
}

Answer Parser::help() const {
  return {0, command() == nullptr ? help_text(describe()) : help_text(describe(*command()))};
}

Answer Parser::misuse(const std::string& what) const {
  const std::string which = command() == nullptr ? "" : " " + command()->get_name();
  return {usage_error, fmt::format("{} (see `rollcall{} --help`)", what, which)};
}

CommandHelp Parser::describe(const CLI::App& command) const {
  CommandHelp help{.name = command.get_name(),
                   .summary = command.get_description(),
                   .argument = {},
                   .choices = {},
                   .options = {},
                   .notes = command.get_footer()};
  append_options(command, help.options);
  if (&command != completion_) append_options(app_, help.options);
  if (&command == completion_) {
    help.argument = command.get_option("shell")->get_type_name();
    help.choices = choices_in(help.argument);
  } else if (&command == explain_) {
    help.argument = command.get_option("instance")->get_type_name();
  } else {
    help.argument = "[RUNTIME...]";
    help.choices = choices_in(runtime_choices());
  }
  // CLI11 puts help first; it matters least.
  std::ranges::rotate(help.options, help.options.begin() + 1);
  return help;
}

CommandLine Parser::describe() const {
  CommandLine line{.summary = std::string(manual::summary),
                   .commands = {},
                   .options = {},
                   .notes = std::string(manual::notes)};
  for (const CLI::App* command : app_.get_subcommands({})) {
    line.commands.push_back(describe(*command));
  }
  append_options(app_, line.options);
  std::ranges::rotate(line.options, line.options.begin() + 1);
  return line;
}

}  // namespace

std::variant<Options, Answer> parse_command_line(const std::vector<std::string>& words) {
  Parser parser;
  return parser.parse(words);
}

}  // namespace rollcall::cli
