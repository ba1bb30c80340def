#include "cli/daemon/settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <type_traits>
#include <utility>

#include <fmt/format.h>
#include <rollcall/config.hpp>
#include <yaml-cpp/emitter.h>

#include "cli/daemon/setting_words.hpp"
#include "cli/times.hpp"
#include "transport/shown_url.hpp"

namespace rollcall::cli::daemon {
namespace {

using Words = std::span<const std::string>;

constexpr auto all_settings = std::to_array<Setting<Config>>({
    {"listen", "--listen", [](Config& c) -> Field { return &c.listen; }},
    {"socket", "--socket", [](Config& c) -> Field { return &c.socket; }, check_socket},
    {"socket_mode", "", [](Config& c) -> Field { return FileMode{&c.socket_mode}; }},
    {"tls.certificate", "--tls-certificate", [](Config& c) -> Field { return &c.tls.certificate; },
     check_path},
    {"tls.key", "--tls-key", [](Config& c) -> Field { return &c.tls.key; }, check_secret_path},
    {"token_file", "--token-file", [](Config& c) -> Field { return &c.token_file; },
     check_secret_path},
    {"local_users", "", [](Config& c) -> Field { return &c.local_users; }, check_local_users},
    {"hosts", "", [](Config& c) -> Field { return &c.hosts; }, check_host},
    {"reveal", "--reveal", [](Config& c) -> Field { return &c.reveal; }},
    {"runtimes", "--runtime", [](Config& c) -> Field { return &c.runtimes; }, check_runtime},
    {"grace", "--grace", [](Config& c) -> Field { return &c.grace; }},
    {"wait_for_named", "--wait-for-named", [](Config& c) -> Field { return &c.wait_for_named; }},
    {"look_period", "--look-period", [](Config& c) -> Field { return &c.look_period; }},
    {"podman_poll", "--podman-poll", [](Config& c) -> Field { return &c.podman_poll; }},
    {"read_env", "--read-env", [](Config& c) -> Field { return &c.read_env; }},
    {"systemd.user", "--user", [](Config& c) -> Field { return &c.user; }},
    {"systemd.all_units", "--all-units", [](Config& c) -> Field { return &c.all_units; }},
    {"systemd.unit_types", "--unit-type", [](Config& c) -> Field { return &c.unit_types; },
     check_unit_type},
    {"incus.projects", "--project", [](Config& c) -> Field { return &c.projects; }},
    {"kubernetes.kubeconfig", "--kubeconfig",
     [](Config& c) -> Field { return &c.kubernetes.kubeconfig; }, check_path},
    {"kubernetes.context", "--context", [](Config& c) -> Field { return &c.kubernetes.context; }},
    {"kubernetes.namespaces", "--namespace",
     [](Config& c) -> Field { return &c.kubernetes.namespaces; }},
    {"kubernetes.node", "--node", [](Config& c) -> Field { return &c.kubernetes.node; }},
    {"kubernetes.selector", "--selector",
     [](Config& c) -> Field { return &c.kubernetes.selector; }},
    {"change_log.entries", "", [](Config& c) -> Field { return &c.change_log.entries; }},
    {"change_log.bytes", "", [](Config& c) -> Field { return ByteCount{&c.change_log.bytes}; }},
    {"limits.head_bytes", "", [](Config& c) -> Field { return ByteCount{&c.limits.head_bytes}; }},
    {"limits.body_bytes", "", [](Config& c) -> Field { return ByteCount{&c.limits.body_bytes}; }},
    {"limits.connections", "", [](Config& c) -> Field { return &c.limits.connections; }},
    {"limits.connections_of_peer", "",
     [](Config& c) -> Field { return &c.limits.connections_of_peer; }},
    {"limits.requests_in_flight", "",
     [](Config& c) -> Field { return &c.limits.requests_in_flight; }},
    {"limits.subscribers", "", [](Config& c) -> Field { return &c.limits.subscribers; }},
    {"limits.batch_entries", "", [](Config& c) -> Field { return &c.limits.batch_entries; }},
    {"limits.request", "", [](Config& c) -> Field { return &c.limits.request; }},
    {"limits.idle", "", [](Config& c) -> Field { return &c.limits.idle; }},
    {"limits.write", "", [](Config& c) -> Field { return &c.limits.write; }},
    {"limits.answer", "", [](Config& c) -> Field { return &c.limits.answer; }},
    {"limits.heartbeat", "", [](Config& c) -> Field { return &c.limits.heartbeat; }},
    {"limits.retry", "", [](Config& c) -> Field { return &c.limits.retry; }},
    {"limits.drain", "", [](Config& c) -> Field { return &c.limits.drain; }},
    {"log.format", "--log-format", [](Config& c) -> Field { return &c.log.format; }, check_format},
    {"log.level", "--log-level", [](Config& c) -> Field { return &c.log.level; }, check_level},
});

constexpr auto all_engine_settings = std::to_array<Setting<EngineConfig>>({
    {"runtime", "", [](EngineConfig& e) -> Field { return &e.runtime; }, check_kind},
    {"endpoint", "", [](EngineConfig& e) -> Field { return &e.endpoint; }},
    {"alias", "", [](EngineConfig& e) -> Field { return &e.alias; }},
    {"tls.authority", "", [](EngineConfig& e) -> Field { return &e.tls.authority; }, check_path},
    {"tls.certificate", "", [](EngineConfig& e) -> Field { return &e.tls.certificate; },
     check_path},
    {"tls.key", "", [](EngineConfig& e) -> Field { return &e.tls.key; }, check_secret_path},
    {"tls.server_name", "", [](EngineConfig& e) -> Field { return &e.tls.server_name; }},
    {"tls.pinned", "", [](EngineConfig& e) -> Field { return &e.tls.pinned; }, check_path},
    {"tls.fingerprint", "", [](EngineConfig& e) -> Field { return &e.tls.fingerprint; }},
    {"tls.verify", "", [](EngineConfig& e) -> Field { return &e.tls.verify; }},
});

using Said = std::expected<void, std::string>;

Said read_into(std::string& out, const std::string& word) {
  out = word;
  return {};
}

Said read_into(bool& out, const std::string& word) {
  if (word != "true" && word != "false") {
    return std::unexpected(fmt::format("'{}' is neither true nor false", quoted(word)));
  }
  out = word == "true";
  return {};
}

/// The number that the whole word writes in this base; at least `least`.
std::optional<std::size_t> number_in(std::string_view word, int base = 10) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number, base);
  if (error != std::errc() || end != word.data() + word.size()) return {};
  return number;
}

constexpr std::size_t most_counted = 100'000'000;

Said read_into(std::size_t& out, const std::string& word) {
  const auto number = number_in(word);
  if (!number || *number == 0 || *number > most_counted) {
    return std::unexpected(
        fmt::format("'{}' is no whole number from 1 to {}", quoted(word), most_counted));
  }
  out = *number;
  return {};
}

constexpr auto byte_units =
    std::to_array<std::pair<std::string_view, std::size_t>>({{"GiB", std::size_t{1} << 30U},
                                                             {"MiB", std::size_t{1} << 20U},
                                                             {"KiB", std::size_t{1} << 10U}});

Said read_into(ByteCount out, const std::string& word) {
  std::string_view digits = word;
  std::size_t unit = 1;
  for (const auto& [name, size] : byte_units) {
    if (!digits.ends_with(name)) continue;
    digits.remove_suffix(name.size());
    unit = size;
    break;
  }
  const auto number = number_in(digits);
  if (!number || *number == 0 || *number > (std::size_t{1} << 40U) / unit) {
    return std::unexpected(
        fmt::format("'{}' is no size such as 65536, 64KiB, 16MiB or 1GiB", quoted(word)));
  }
  *out.at = *number * unit;
  return {};
}

Said read_into(FileMode out, const std::string& word) {
  const auto bits = number_in(word.starts_with("0o") ? word.substr(2) : word, 8);
  const bool octal = word.starts_with('0');
  if (bits && *bits <= 0777 && word.size() >= 3 && !octal) {
    // YAML writers turn 0660 into 432, which would be another mode in octal.
    return std::unexpected(fmt::format(
        "'{}' is no mode: it begins with 0, so write 0{}{}", word, word,
        fmt::format(", or 0{:o} if this is its decimal number", number_in(word).value_or(0))));
  }
  if (!bits || *bits > 0777 || word.size() < 3) {
    return std::unexpected(fmt::format("'{}' is no mode such as 0660 or 0600", quoted(word)));
  }
  *out.at = static_cast<unsigned>(*bits);
  return {};
}

std::optional<Milliseconds> time_in(const std::string& word) {
  const auto time = parse_time(word);
  if (!time || *time < std::chrono::milliseconds(1)) return {};
  return std::chrono::round<Milliseconds>(*time);
}

Said read_into(Milliseconds& out, const std::string& word) {
  const auto time = word == "0" ? std::optional(Milliseconds(0)) : time_in(word);
  if (!time) {
    return std::unexpected(
        fmt::format("'{}' is no time such as 5s, 500ms or 1m (at most a day)", quoted(word)));
  }
  out = *time;
  return {};
}

Said read_into(MaybeNever& out, const std::string& word) {
  if (word == "never") {
    out.reset();
    return {};
  }
  const auto time = time_in(word);
  if (!time) {
    return std::unexpected(
        fmt::format("'{}' is neither 'never' nor a time such as 30s or 10m", quoted(word)));
  }
  out = time;
  return {};
}

std::string written(const std::string& value) {
  return value;
}
std::string written(bool value) {
  return value ? "true" : "false";
}
std::string written(std::size_t value) {
  return fmt::format("{}", value);
}
std::string written(ByteCount value) {
  for (const auto& [name, size] : byte_units) {
    if (*value.at != 0 && *value.at % size == 0) {
      return fmt::format("{}{}", *value.at / size, name);
    }
  }
  return fmt::format("{}", *value.at);
}
std::string written(FileMode value) {
  return fmt::format("{:04o}", *value.at);
}
std::string written(Milliseconds value) {
  if (value.count() == 0) return "0";
  if (value.count() % 60'000 == 0) return fmt::format("{}m", value.count() / 60'000);
  if (value.count() % 1000 == 0) return fmt::format("{}s", value.count() / 1000);
  return fmt::format("{}ms", value.count());
}
std::string written(const MaybeNever& value) {
  return value ? written(*value) : "never";
}

}  // namespace

std::span<const Setting<Config>> settings() {
  return all_settings;
}

std::span<const Setting<EngineConfig>> engine_settings() {
  return all_engine_settings;
}

std::string variable_of(std::string_view key) {
  std::string name = "ROLLCALL_";
  for (const char c : key) {
    name += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  return name;
}

bool is_list(const Field& field) {
  return std::holds_alternative<std::vector<std::string>*>(field);
}

Said assign(const Field& field, Words words, CheckWord check) {
  if (!is_list(field) && words.size() != 1) return std::unexpected("is one value, not a list");
  for (const std::string& word : words) {
    const std::string wrong = check == nullptr ? std::string() : check(word);
    if (!wrong.empty()) return std::unexpected(wrong);
  }
  return std::visit(
      [&](auto out) -> Said {
        if constexpr (std::is_same_v<decltype(out), std::vector<std::string>*>) {
          out->assign(words.begin(), words.end());
          return {};
        } else if constexpr (std::is_pointer_v<decltype(out)>) {
          return read_into(*out, words.front());
        } else {
          return read_into(out, words.front());
        }
      },
      field);
}

std::vector<std::string> words_of(const Field& field) {
  return std::visit(
      [](const auto value) -> std::vector<std::string> {
        using Kept = std::remove_const_t<decltype(value)>;
        if constexpr (std::is_same_v<Kept, std::vector<std::string>*>) {
          return *value;
        } else if constexpr (std::is_pointer_v<Kept>) {
          return {written(*value)};
        } else {
          return {written(value)};
        }
      },
      field);
}

namespace {

/// Writes the keys of one object; "a.b" becomes a nested map.
template <class Object>
class Printer {
 public:
  Printer(YAML::Emitter& out, Object& object,
          std::function<std::string(std::string_view key)> comment)
      : out_(out), object_(object), comment_(std::move(comment)) {}

  void print(std::span<const Setting<Object>> all) {
    for (const Setting<Object>& setting : all) {
      enter(setting.key);
      out_ << YAML::Key << std::string(setting.key.substr(group_.empty() ? 0 : group_.size() + 1));
      put(setting.at(object_));
      const std::string comment = comment_(setting.key);
      if (!comment.empty()) out_ << YAML::Comment(comment);
    }
    enter("");
  }

 private:
  /// Opens and closes the nested map of a key.
  void enter(std::string_view key) {
    const std::size_t dot = key.find('.');
    const std::string_view group = dot == std::string_view::npos ? "" : key.substr(0, dot);
    if (group == group_) return;
    if (!group_.empty()) out_ << YAML::EndMap;
    group_ = group;
    if (!group_.empty()) out_ << YAML::Key << std::string(group_) << YAML::Value << YAML::BeginMap;
  }

  void put(const Field& field) {
    out_ << YAML::Value;
    const auto words = words_of(field);
    const bool text = std::holds_alternative<std::string*>(field);
    if (is_list(field)) {
      out_ << YAML::Flow << YAML::BeginSeq;
      for (const std::string& word : words) out_ << word;
      out_ << YAML::EndSeq;
    } else if (text && words.front().empty()) {
      out_ << YAML::DoubleQuoted << "";
    } else if (std::holds_alternative<FileMode>(field)) {
      out_ << YAML::DoubleQuoted << words.front();  // or a reader might take it for a number
    } else {
      out_ << words.front();
    }
  }

  YAML::Emitter& out_;
  Object& object_;
  std::function<std::string(std::string_view key)> comment_;
  std::string_view group_;
};

}  // namespace

std::string print(Config config, const std::map<std::string, std::string, std::less<>>& origins) {
  YAML::Emitter out;
  const auto origin = [&origins](std::string_view key) {
    const auto at = origins.find(key);
    return at == origins.end() ? std::string("the default") : at->second;
  };
  out << YAML::BeginMap;
  Printer<Config>(out, config, origin).print(settings());
  out << YAML::Key << "engines" << YAML::Comment(origin("engines")) << YAML::Value;
  out << YAML::BeginSeq;
  for (EngineConfig& engine : config.engines) {
    engine.endpoint = shown_url(engine.endpoint);
    engine.runtime = shown_url(engine.runtime);  // it may be an endpoint in the wrong key
    out << YAML::BeginMap;
    Printer<EngineConfig>(out, engine, [](std::string_view) {
      return std::string();
    }).print(engine_settings());
    out << YAML::EndMap;
  }
  out << YAML::EndSeq << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace rollcall::cli::daemon
