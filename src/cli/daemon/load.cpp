#include "cli/daemon/load.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "cli/daemon/check.hpp"
#include "cli/daemon/settings.hpp"
#include "core/budgets.hpp"
#include "core/text/shown_url.hpp"
#include "core/text/text.hpp"
#include "hostview/small_files.hpp"

namespace rollcall::cli::daemon {
namespace {

/// "a, b" as words, without the space around them.
std::vector<std::string> words_between_commas(const std::string& text) {
  constexpr std::string_view space = " \t";
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::string word = text.substr(begin, end - begin);
    const std::size_t first = word.find_first_not_of(space);
    if (first != std::string::npos) {
      words.push_back(word.substr(first, word.find_last_not_of(space) - first + 1));
    }
    begin = end + 1;
  }
  return words;
}

/// Engines as `--endpoint` writes them: "docker=tcp://10.0.0.7:2375", without a kind Docker's.
void set_engines(const std::vector<std::string>& words, const std::string& origin, Loaded& loaded) {
  loaded.config.engines.clear();
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    const bool bare =
        equals == std::string::npos || word.find("://") < equals || word.starts_with('/');
    EngineConfig engine{.runtime = bare ? "docker" : word.substr(0, equals),
                        .endpoint = bare ? word : word.substr(equals + 1)};
    if (!parse_kind(engine.runtime)) {
      loaded.errors.push_back(fmt::format("{}: '{}' is no runtime; write KIND=URL", origin,
                                          excerpt(shown_url(engine.runtime))));
    }
    loaded.config.engines.push_back(std::move(engine));
  }
  loaded.origins["engines"] = origin;
}

void set(const Setting<Config>& setting, const std::vector<std::string>& words,
         const std::string& origin, Loaded& loaded) {
  const auto done = option::assign(setting.at(loaded.config), words, setting.check);
  const bool names_secret = setting.key == "token_file" || setting.key == "tls.key";
  if (names_secret && words == std::vector<std::string>{""}) {
    // Most likely an unset variable in a script, which must not open the daemon to others.
    loaded.errors.push_back(fmt::format("{}: is empty; name the file, or leave it out", origin));
  } else if (!done) {
    loaded.errors.push_back(fmt::format("{}: {}", origin, done.error()));
  } else {
    loaded.origins[std::string(setting.key)] = origin;
  }
}

void apply_environment(const Getenv& getenv, Loaded& loaded) {
  for (const Setting<Config>& setting : settings()) {
    const std::string name = variable_of(setting.key);
    const auto value = getenv(name);
    if (!value) continue;
    const bool list = option::is_list(setting.at(loaded.config));
    set(setting, list ? words_between_commas(*value) : std::vector{*value}, name, loaded);
  }
  const std::string engines = variable_of("engines");
  if (const auto value = getenv(engines)) {
    set_engines(words_between_commas(*value), engines, loaded);
  }
}

/// --endpoint and --runtime replace the file's engines and runtimes.
void apply_flags(const std::vector<GivenFlag>& flags, Loaded& loaded) {
  const auto given = [&flags](std::string_view name) {
    return std::ranges::find(flags, name, &GivenFlag::name) != flags.end();
  };
  if (given("--endpoint") || given("--runtime")) {
    loaded.config.engines.clear();
    loaded.config.runtimes.clear();
  }
  for (const GivenFlag& flag : flags) {
    if (flag.name == "--endpoint") {
      set_engines(flag.words, flag.name, loaded);
      continue;
    }
    const auto all = settings();
    const auto at = std::ranges::find(all, std::string_view(flag.name), &Setting<Config>::flag);
    if (at != all.end()) set(*at, flag.words, flag.name, loaded);
  }
}

/// The named file, or else the usual one. Only a usual file that does not exist is ignored: a file
/// that cannot be read may be the one that closes the daemon to others.
void apply_config_file(const Sources& sources, Loaded& loaded) {
  std::string path = sources.file;
  if (path.empty()) path = sources.getenv("ROLLCALL_CONFIG").value_or("");
  const bool usual = path.empty();
  if (usual) path = usual_file;
  const auto text = read_file(path, budget::config_file);
  if (usual && !text && text.error().missing()) return;
  loaded.file = path;
  if (!text) {
    const auto remedy = usual ? "; let this user read it, or name another by --config" : "";
    loaded.errors.push_back(
        fmt::format("{}: it cannot be read: {}{}", path, text.error().what, remedy));
    return;
  }
  auto errors = apply_file(*text, path, loaded.config, loaded.origins);
  loaded.errors.insert(loaded.errors.end(), errors.begin(), errors.end());
}

}  // namespace

Loaded load(const Sources& sources) {
  Loaded loaded;
  apply_config_file(sources, loaded);
  apply_environment(sources.getenv, loaded);
  apply_flags(sources.flags, loaded);
  if (loaded.errors.empty()) check(loaded, sources);
  return loaded;
}

}  // namespace rollcall::cli::daemon
