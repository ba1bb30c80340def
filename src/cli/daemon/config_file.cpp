#include "cli/daemon/config_file.hpp"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "cli/daemon/settings.hpp"
#include "core/budgets.hpp"
#include "core/text/suggest.hpp"
#include "core/text/text.hpp"

namespace rollcall::cli::daemon {
namespace {

constexpr std::string_view engines_key = "engines";
constexpr std::size_t most_nested = 4;

/// The errors of one file, bounded so that a file full of them does not fill the log.
class FileErrors {
 public:
  explicit FileErrors(const std::string& file) : file_(file) {}

  void add(std::size_t line, std::string_view what) {
    if (++count_ > budget::config_errors) return;
    kept_.push_back(fmt::format("{}:{}: {}", file_, line, what));
  }
  /// Whether the next error would only be counted.
  [[nodiscard]] bool full() const noexcept { return count_ >= budget::config_errors; }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }

  [[nodiscard]] ConfigErrors take() {
    if (count_ > kept_.size()) {
      kept_.push_back(fmt::format("{}: … and {} more", file_, count_ - kept_.size()));
    }
    return std::move(kept_);
  }

 private:
  const std::string& file_;
  ConfigErrors kept_;
  std::size_t count_ = 0;
};

std::size_t line_of(const YAML::Mark& mark) {
  return static_cast<std::size_t>(mark.line) + 1;
}
std::size_t line_of(const YAML::Node& node) {
  return line_of(node.Mark());
}

/// The words of a value: one for a scalar, any number for a list of scalars.
std::expected<std::vector<std::string>, std::string> words_in(const YAML::Node& node) {
  if (node.IsScalar()) return std::vector{node.Scalar()};
  std::vector<std::string> words;
  if (!node.IsSequence()) {
    return std::unexpected(node.IsMap() ? "has no keys of its own" : "has no value");
  }
  for (const auto& element : node) {
    if (!element.IsScalar()) return std::unexpected("is a list of plain values");
    words.push_back(element.Scalar());
  }
  return words;
}

/// Reads a map into an object by its table of settings.
template <class Object>
class MapReader {
 public:
  MapReader(std::span<const Setting<Object>> known, Object& object, std::string file,
            FileErrors& errors)
      : known_(known), object_(object), file_(std::move(file)), errors_(errors) {}

  /// Keys that other code reads.
  void leave(std::string_view key) { left_.emplace_back(key); }

  void read(const YAML::Node& map, const std::string& prefix = {}, std::size_t depth = 0) {
    std::set<std::string> seen;
    for (const auto& entry : map) {
      const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : std::string();
      const std::string key = prefix + name;
      if (!seen.insert(name).second) {
        error(entry.first, fmt::format("the key '{}' is written twice", excerpt(key)));
      } else if (std::ranges::find(left_, key) != left_.end()) {
        continue;
      } else if (const auto* setting = find(key)) {
        read_setting(*setting, entry.second, entry.first);
      } else if (is_group(key) && depth < most_nested) {
        read_group(entry.second, key, depth, entry.first);
      } else {
        // Finding the nearest key costs more than all the rest.
        error(entry.first, fmt::format("there is no key '{}'{}", excerpt(key),
                                       errors_.full() ? "" : nearest(key)));
      }
    }
  }

  Origins origins{};

 private:
  [[nodiscard]] const Setting<Object>* find(std::string_view key) const {
    const auto at = std::ranges::find(known_, key, &Setting<Object>::key);
    return at == known_.end() ? nullptr : &*at;
  }

  [[nodiscard]] bool is_group(const std::string& key) const {
    return std::ranges::any_of(known_, [group = key + "."](const Setting<Object>& setting) {
      return setting.key.starts_with(group);
    });
  }

  void read_group(const YAML::Node& node, const std::string& key, std::size_t depth,
                  const YAML::Node& at) {
    if (node.IsMap()) return read(node, key + ".", depth + 1);
    if (!node.IsNull()) error(at, fmt::format("{}: holds keys, and no value", key));
  }

  void read_setting(const Setting<Object>& setting, const YAML::Node& node, const YAML::Node& at) {
    const auto words = words_in(node);
    if (!words) return error(at, fmt::format("{}: {}", setting.key, words.error()));
    const auto done = option::assign(setting.at(object_), *words, setting.check);
    if (!done) return error(node, fmt::format("{}: {}", setting.key, done.error()));
    origins[std::string(setting.key)] = place(at);
  }

  [[nodiscard]] std::string nearest(const std::string& key) const {
    std::vector<std::string> words(left_);
    for (const Setting<Object>& setting : known_) words.emplace_back(setting.key);
    std::string found = suggestion(key, words);
    if (!found.empty() || key.contains('.')) return found;
    // "connections" alone: perhaps it was meant within a group.
    const auto within = std::ranges::find_if(
        words, [end = "." + key](const std::string& word) { return word.ends_with(end); });
    return within == words.end() ? "" : fmt::format("; did you mean '{}'?", *within);
  }

  [[nodiscard]] std::string place(const YAML::Node& node) const {
    return fmt::format("{}:{}", file_, line_of(node));
  }
  void error(const YAML::Node& node, std::string_view what) { errors_.add(line_of(node), what); }

  std::span<const Setting<Object>> known_;
  Object& object_;
  std::string file_;
  FileErrors& errors_;
  std::vector<std::string> left_;
};

void read_engines(const YAML::Node& node, const std::string& file, Config& config,
                  FileErrors& errors) {
  if (node.IsNull()) return config.engines.clear();
  if (!node.IsSequence()) {
    errors.add(line_of(node), "engines: is a list, each with a 'runtime'");
    return;
  }
  config.engines.clear();
  for (const auto& element : node) {
    EngineConfig engine;
    if (!element.IsMap()) {
      errors.add(line_of(element), "engines: each is a map with a 'runtime'");
      continue;
    }
    const std::size_t before = errors.size();
    MapReader<EngineConfig>(engine_settings(), engine, file, errors).read(element);
    if (engine.runtime.empty() && errors.size() == before) {
      errors.add(line_of(element), "engines: one has no 'runtime'; say whose engine it is");
    }
    config.engines.push_back(std::move(engine));
  }
}

void read_document(const YAML::Node& document, const std::string& name, Config& config,
                   Origins& origins, FileErrors& errors) {
  if (document.IsNull()) return;  // an empty file says nothing
  if (!document.IsMap()) {
    errors.add(1, "it holds no keys; see docs/daemon.md");
    return;
  }
  MapReader<Config> reader(settings(), config, name, errors);
  reader.leave(engines_key);
  reader.read(document);
  for (auto& [key, origin] : reader.origins) origins[key] = std::move(origin);
  if (const YAML::Node engines = document[std::string(engines_key)]) {
    read_engines(engines, name, config, errors);
    origins[std::string(engines_key)] = fmt::format("{}:{}", name, engines.Mark().line + 1);
  }
}

}  // namespace

ConfigErrors apply_file(std::string_view text, const std::string& name, Config& config,
                        Origins& origins) {
  FileErrors errors(name);
  try {
    read_document(YAML::Load(std::string(text)), name, config, origins, errors);
  } catch (const YAML::Exception& broken) {
    errors.add(line_of(broken.mark), fmt::format("it is no YAML: {}", excerpt(broken.msg, 200)));
  }
  return errors.take();
}

}  // namespace rollcall::cli::daemon
