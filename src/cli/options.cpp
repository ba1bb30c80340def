#include "cli/options.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/cli11.hpp"
#include "cli/command_line.hpp"
#include "cli/manual.hpp"
#include "cli/suggest.hpp"
#include "cli/times.hpp"

namespace rollcall::cli {
namespace {

constexpr int usage_error = 2;

constexpr std::string_view runtimes_name = "runtimes";
constexpr std::string_view runtime_words = "all|auto|docker|podman|systemd|incus|kubernetes|host";

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
  std::string look_period = "5s";
  std::string podman_poll;
  std::string shell;
  std::string subject;
  bool all = false;
  bool quiet = false;
  bool no_trunc = false;
  bool verbose = false;
  bool read_env = false;
  bool user = false;
  bool all_units = false;
  std::vector<std::string> unit_types;
  std::vector<std::string> projects;
  KubernetesOptions kubernetes;
};

template <class Table>
auto value_of(const Table& table, std::string_view word) {
  return std::ranges::find(table, word, [](const auto& entry) { return entry.first; })->second;
}

}  // namespace

BackendOptions Options::backend_options() const {
  BackendOptions options;
  options.include_stopped = all;
  options.read_env = read_env;
  options.user_manager = user_manager;
  options.all_units = all_units;
  options.unit_types = unit_types;
  options.projects = projects;
  kubernetes.apply(options);
  return options;
}

namespace {

/// The CLI11 program, bound to the words. This is the only place that knows commands and options.
class Parser {
 public:
  Parser();

  std::variant<Options, Answer> parse(std::vector<std::string> words);

 private:
  void add_runtimes(CLI::App& command);
  void add_shared_options();
  void add_list();
  void add_watch();
  void add_doctor();
  void add_explain();
  void add_completion();
  [[nodiscard]] std::expected<Options, std::string> options() const;
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
  CLI::App* doctor_ = nullptr;
  CLI::App* explain_ = nullptr;
  CLI::App* completion_ = nullptr;
};

Parser::Parser() {
  app_.footer(std::string(manual::notes));
  app_.require_subcommand(0, 1);
  app_.fallthrough();  // shared options may stand behind the command
  app_.set_help_flag("-h,--help", "Show this help")->group("General");
  add_list();
  add_watch();
  add_explain();
  add_doctor();
  add_completion();
  add_shared_options();
  for (CLI::App* command : app_.get_subcommands({})) {
    command->get_option("--help")->group("General");
  }
}

void Parser::add_runtimes(CLI::App& command) {
  command.add_option(std::string(runtimes_name), words_.arguments)
      ->type_name(std::string(runtime_words));
}

void Parser::add_shared_options() {
  app_.option_defaults()->group("Where to look");
  add_repeated(app_, "-r,--runtime", words_.runtimes, std::string(runtime_words),
               "This one; repeatable (default: all that answer)");
  add_repeated(app_, "-e,--endpoint", words_.endpoints, "[KIND=]URL",
               "This engine, such as docker=tcp://10.0.0.7:2375");
  app_.add_flag("--read-env", words_.read_env,
                "Also the variables of containers that tools take for labels");
  app_.option_defaults()->group("Units of systemd");
  app_.add_flag("--user", words_.user, "Of your own manager instead of the system's");
  app_.add_flag("--all-units", words_.all_units, "Also those that neither listen nor opted in");
  add_repeated(app_, "--unit-type", words_.unit_types, "socket|timer|scope",
               "Besides services; repeatable");
  app_.get_option("--unit-type")
      ->check(CLI::IsMember({"service", "socket", "timer", "scope"}).description(""));
  app_.option_defaults()->group("Of Incus and LXD");
  add_repeated(app_, "--project", words_.projects, "NAME", "This project; repeatable");
  add_kubernetes_options(app_, words_.kubernetes);
  app_.option_defaults()->group("General");
  app_.add_flag("-v,--verbose", words_.verbose, "Tell on standard error what is being done");
  app_.set_version_flag("-V,--version", "rollcall " ROLLCALL_VERSION, "Show the version");
}

void Parser::add_list() {
  list_ = app_.add_subcommand("ls", "Show what runs now");
  list_->footer(std::string(manual::list_notes));
  add_runtimes(*list_);
  list_->option_defaults()->group("Which");
  list_->add_flag("-a,--all", words_.all, "Also what does not run");
  add_repeated(*list_, "-f,--filter", words_.filters, "KEY=VALUE", "Only what matches; repeatable");
  list_->option_defaults()->group("Output");
  add_choice(*list_, "-o,--output", words_.output, {"table", "wide", "json", "jsonl", "yaml"},
             "The form of the output (default: table)");
  add_text(*list_, "--format", words_.format, "TEMPLATE", "A line each, such as '{{.Name}}'");
  CLI::Option* quiet = list_->add_flag("-q,--quiet", words_.quiet, "Only the ids");
  quiet->excludes(list_->get_option("--output"))->excludes(list_->get_option("--format"));
  list_->get_option("--format")->excludes(list_->get_option("--output"));
  add_choice(*list_, "-s,--sort", words_.sort,
             {"name", "runtime", "state", "image", "group", "age"},
             "In this order (default: name)");
  list_->add_flag("--no-trunc", words_.no_trunc, "Cut nothing short");
  list_->option_defaults()->group("Where to look");
  add_text(*list_, "-t,--timeout", words_.timeout, "TIME",
           "How long each runtime may take, such as 500ms (default: 5s)");
}

void Parser::add_watch() {
  watch_ = app_.add_subcommand("watch", "Show what runs now, then every change");
  watch_->footer(std::string(manual::watch_notes));
  add_runtimes(*watch_);
  watch_->option_defaults()->group("Which");
  add_repeated(*watch_, "-f,--filter", words_.filters, "KEY=VALUE",
               "Only what matches; repeatable");
  watch_->option_defaults()->group("Output");
  add_choice(*watch_, "-o,--output", words_.output, {"text", "jsonl"},
             "The form of the output (default: text)");
  watch_->option_defaults()->group("Where to look");
  add_text(*watch_, "--look-period", words_.look_period, "TIME",
           "How often to look at the host, such as 1s (default: 5s)");
  add_text(*watch_, "--podman-poll", words_.podman_poll, "TIME",
           "List Podman this often and hold no stream, so that an idle service may end");
}

void Parser::add_doctor() {
  doctor_ = app_.add_subcommand("doctor", "Tell which runtimes answer, and why others do not");
  doctor_->footer(std::string(manual::doctor_notes));
  add_runtimes(*doctor_);
  doctor_->option_defaults()->group("Output");
  add_choice(*doctor_, "-o,--output", words_.output, {"text", "json"},
             "The form of the output (default: text)");
  doctor_->option_defaults()->group("Where to look");
  add_text(*doctor_, "-t,--timeout", words_.timeout, "TIME",
           "How long each place may take, such as 500ms (default: 5s)");
}

void Parser::add_explain() {
  explain_ = app_.add_subcommand("explain", "Tell all that is known of one instance, and why");
  explain_->footer(std::string(manual::explain_notes));
  explain_->add_option("instance", words_.subject)->type_name("INSTANCE")->required();
  explain_->option_defaults()->group("Output");
  add_choice(*explain_, "-o,--output", words_.output, {"text", "json"},
             "The form of the output (default: text)");
  explain_->option_defaults()->group("Where to look");
  add_text(*explain_, "-t,--timeout", words_.timeout, "TIME",
           "How long each runtime may take, such as 500ms (default: 5s)");
}

void Parser::add_completion() {
  completion_ = app_.add_subcommand("completion", "Print a completion script for your shell");
  completion_->footer(std::string(manual::completion_notes));
  add_choice(*completion_, "shell", words_.shell, {"bash", "zsh", "fish"}, "The shell");
  completion_->get_option("shell")->required();
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
                                            : Command::list;
  std::vector<std::string> runtimes = words_.runtimes;
  runtimes.insert(runtimes.end(), words_.arguments.begin(), words_.arguments.end());
  auto selection = Selection::parse(runtimes, words_.endpoints);
  if (!selection) return std::unexpected(std::move(selection.error()));
  if (words_.kubernetes.any()) selection->name(RuntimeBackendKind::kubernetes);
  options.selection = std::move(*selection);
  auto filters = Filters::parse(words_.filters);
  if (!filters) return std::unexpected(std::move(filters.error()));
  options.filters = std::move(*filters);
  if (command() == list_ && list_->count("--format") > 0) {
    auto format = Format::parse(words_.format);
    if (!format) return std::unexpected(std::move(format.error()));
    options.format = std::move(*format);
  }
  const auto look_period = parse_look_period("--look-period", words_.look_period);
  if (!look_period) return std::unexpected(look_period.error());
  options.look_period = *look_period;
  if (!words_.podman_poll.empty()) {
    const auto poll = parse_look_period("--podman-poll", words_.podman_poll);
    if (!poll) return std::unexpected(poll.error());
    options.podman_poll = *poll;
  }
  const auto timeout = parse_time(words_.timeout);
  if (!timeout) {
    return std::unexpected(fmt::format(
        "--timeout: '{}' is no time such as 5s, 500ms or 1m (at most a day)", words_.timeout));
  }
  options.timeout = *timeout;
  options.output = value_of(outputs, words_.output);
  options.sort = value_of(sort_keys, words_.sort);
  options.verbose = words_.verbose;
  options.read_env = words_.read_env;
  options.all = words_.all;
  options.quiet = words_.quiet;
  options.no_trunc = words_.no_trunc;
  options.user_manager = words_.user;
  options.all_units = words_.all_units;
  options.unit_types = words_.unit_types;
  options.projects = words_.projects;
  options.kubernetes = words_.kubernetes;
  options.subject = words_.subject;
  if (options.command == Command::explain) {
    // Why something is not shown is a question, too.
    options.all = true;
    options.all_units = true;
  }
  return options;
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
  if (&command == completion_) {
    help.argument = command.get_option("shell")->get_type_name();
    help.choices = choices_in(help.argument);
  } else if (&command == explain_) {
    append_options(app_, help.options);
    help.argument = command.get_option("instance")->get_type_name();
  } else {
    append_options(app_, help.options);
    help.argument = "[RUNTIME...]";
    help.choices = choices_in(runtime_words);
  }
  // Help comes first in CLI11's order, and interests least.
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
