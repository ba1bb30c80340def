#include "cli/daemon/settings.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <rollcall/config.hpp>
#include <yaml-cpp/emitter.h>

#include "cli/daemon/setting_words.hpp"
#include "core/option/checks.hpp"
#include "core/runtimes.hpp"
#include "core/text/shown_url.hpp"

namespace rollcall::cli::daemon {
namespace {

using option::ByteCount;
using option::check_path;
using option::Field;
using option::FileMode;

std::vector<Setting<Config>> settings_of_daemon() {
  return {
      {"listen", "--listen", [](Config& c) -> Field { return &c.listen; }},
      {"socket", "--socket", [](Config& c) -> Field { return &c.socket; }, check_socket},
      {"socket_mode", "", [](Config& c) -> Field { return FileMode{&c.socket_mode}; }},
      {"tls.certificate", "--tls-certificate",
       [](Config& c) -> Field { return &c.tls.certificate; }, check_path},
      {"tls.key", "--tls-key", [](Config& c) -> Field { return &c.tls.key; }, check_secret_path},
      {"token_file", "--token-file", [](Config& c) -> Field { return &c.token_file; },
       check_secret_path},
      {"local_users", "", [](Config& c) -> Field { return &c.local_users; }, check_local_users},
      {"hosts", "", [](Config& c) -> Field { return &c.hosts; }, check_host},
      {"reveal", "--reveal", [](Config& c) -> Field { return &c.reveal; }},
      {"runtimes", "--runtime", [](Config& c) -> Field { return &c.runtimes; }, check_runtime},
      {"grace", "--grace", [](Config& c) -> Field { return &c.grace; }},
      {"wait_for_named", "--wait-for-named", [](Config& c) -> Field { return &c.wait_for_named; }},
  };
}

std::vector<Setting<Config>> settings_of_bounds() {
  return {
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
      {"log.format", "--log-format", [](Config& c) -> Field { return &c.log.format; },
       check_format},
      {"log.level", "--log-level", [](Config& c) -> Field { return &c.log.level; }, check_level},
  };
}

/// The option of a runtime, as a key of the configuration.
Setting<Config> setting_of(const RuntimeOption& it) {
  return {it.key, it.flag, [at = it.at](Config& config) { return at(config.runtime_options); },
          it.is_file ? &option::check_path : it.check};
}

std::vector<Setting<Config>> all_settings() {
  std::vector<Setting<Config>> all = settings_of_daemon();
  for (const RuntimeTraits* runtime : runtimes()) {
    std::ranges::transform(runtime->options, std::back_inserter(all), setting_of);
  }
  std::ranges::move(settings_of_bounds(), std::back_inserter(all));
  return all;
}

std::vector<Setting<EngineConfig>> all_engine_settings() {
  return {
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
  };
}

}  // namespace

std::span<const Setting<Config>> settings() {
  static const std::vector<Setting<Config>> all = all_settings();
  return all;
}

std::span<const Setting<EngineConfig>> engine_settings() {
  static const std::vector<Setting<EngineConfig>> all = all_engine_settings();
  return all;
}

std::string variable_of(std::string_view key) {
  std::string name = "ROLLCALL_";
  for (const char c : key) {
    name += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  return name;
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
    const auto words = option::words_of(field);
    const bool text = std::holds_alternative<std::string*>(field);
    if (option::is_list(field)) {
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
