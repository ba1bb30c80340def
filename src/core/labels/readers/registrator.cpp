// SERVICE_*: what registrator reads, for the whole instance or for one of its ports.
#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/labels/readers/readers.hpp"
#include "core/text/ascii.hpp"
#include "core/text/numbers.hpp"
#include "core/text/text.hpp"

namespace rollcall::readers {
namespace {

/// What a key speaks of: "NAME" of all ports, "80_NAME" and "80_UDP_NAME" of one.
struct Name {
  enum class Of : std::uint8_t { all, port, no_port };

  Of of = Of::all;
  std::uint16_t port = 0;
  bool tcp = false;  ///< Of its TCP alone.
  bool udp = false;
  std::string word;  ///< In capitals: registrator takes it in any case.
};

std::string upper_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

/// Whether registrator takes it for the number of a port, sign and all.
bool is_number(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  return !text.starts_with('-') && whole_number<std::int64_t>(text);
}

Name name_of(std::string_view text) {
  const std::size_t line = text.find('_');
  if (line == std::string_view::npos || !is_number(text.substr(0, line))) {
    return {.word = upper_case(text)};
  }
  Name name{.of = Name::Of::port, .word = upper_case(text.substr(line + 1))};
  // Numbers are compared with the port as texts: 080 is the port of nothing.
  const auto port = parse_port(text.substr(0, line));
  if (!port || text.starts_with('0')) return {.of = Name::Of::no_port, .word = name.word};
  name.port = *port;
  constexpr std::size_t length = std::string_view("UDP_").size();
  if (name.word.size() <= length) return name;
  name.udp = name.word.starts_with("UDP_");
  name.tcp = name.word.starts_with("TCP_");
  if (name.udp || name.tcp) name.word.erase(0, length);
  return name;
}

constexpr std::string_view check_prefix = "CHECK_";

class Registrator {
 public:
  explicit Registrator(Draft& draft) : draft_(draft) {}

  void read(const Label& label) {
    const Name name = name_of(label.name);
    const std::string& word = name.word;
    if (word == "ID" || word.empty()) return;  // it names an entry of a registry that is not ours
    if (name.of == Name::Of::no_port) {
      return draft_.problem(label,
                            "registrator has no port of this number: write it without "
                            "zeros before it, from 1 to 65535");
    }
    if (word.starts_with(check_prefix)) {
      if (label.value.empty()) return;
      auto& checks = checks_[name.of == Name::Of::all ? of_all : name.port];
      checks.try_emplace(word.substr(check_prefix.size()), &label);
    } else if (name.of == Name::Of::all) {
      read_of_all(word, label);
    } else if (name.udp) {
      of_udp_.emplace_back(name, &label);
    } else {
      read_of_port(name, label);
    }
  }

  void finish() {
    // Labels of a port without a protocol, or for TCP, take precedence.
    for (const auto& [name, label] : of_udp_) read_of_port(name, *label);
    read_checks();
  }

 private:
  using Checks = std::map<std::string, const Label*>;  // by word

  /// An empty value counts as absent.
  void read_of_all(std::string_view word, const Label& label) {
    if (word == "NAME") {
      if (label.value.empty()) return;
      if (auto value = draft_.understood(parse_name(label.value), label, right::name)) {
        draft_.put("name", draft_.metadata().name, std::move(*value), label);
      }
    } else if (word == "TAGS") {
      if (label.value.empty()) return;
      if (auto value = draft_.understood(parse_escaped_tags(label.value), label, right::tags)) {
        draft_.put("tags", draft_.metadata().tags, std::move(*value), label);
      }
    } else if (word == "IGNORE") {
      if (is_yes(label)) draft_.put_enable(false, label, false);
    } else if (!label.secret) {
      read_attribute(word, label);
    }
  }

  void read_of_port(const Name& name, const Label& label) {
    if (label.value.empty()) return;
    const std::string field = fmt::format("ports.{}.", name.port);
    if (name.word == "NAME") {
      if (auto value = draft_.understood(parse_name(label.value), label, right::name)) {
        Metadata::Port* said = draft_.port(name.port, label);
        if (said != nullptr) draft_.put(field + "name", said->name, std::move(*value), label);
      }
    } else if (name.word == "TAGS") {
      if (auto value = draft_.understood(parse_escaped_tags(label.value), label, right::tags)) {
        Metadata::Port* said = draft_.port(name.port, label);
        if (said != nullptr) draft_.put(field + "tags", said->tags, std::move(*value), label);
      }
    } else if (name.word == "IGNORE" && is_yes(label)) {
      Metadata::Port* said = draft_.port(name.port, label);
      if (said == nullptr) return;
      if (name.udp) return draft_.put(field + "enable_udp", said->enable_udp, false, label);
      if (name.tcp) return draft_.put(field + "enable_tcp", said->enable_tcp, false, label);
      draft_.put(field + "enable", said->enable, false, label);
    }
  }

  // An instance has one check: that of its lowest port with one, completed by the labels for all
  // ports.
  void read_checks() {
    const auto general = checks_.find(of_all);
    bool found = false;
    for (const auto& [port, checks] : checks_) {
      if (port == of_all) break;
      if (found) {
        overridden_checks(checks);
        continue;
      }
      Checks merged = checks;
      if (general != checks_.end()) merged.insert(general->second.begin(), general->second.end());
      if (!std::ranges::any_of(checks, [this](const auto& c) { return is_understood(c); })) {
        for (const auto& check : checks) read_check(check.first, *check.second);
        continue;
      }
      found = true;
      checked_by_ = first_understood(checks);
      read_one(merged);
      // The labels for all ports that this port overrides.
      if (general != checks_.end()) overridden_checks(different(general->second, merged));
    }
    if (!found && general != checks_.end()) read_one(general->second);
  }

  static Checks different(const Checks& checks, const Checks& from) {
    Checks out;
    for (const auto& [word, label] : checks) {
      if (from.at(word) != label) out.emplace(word, label);
    }
    return out;
  }

  // HTTP comes before HTTPS, a program before TCP: registrator takes the first of them, and this
  // takes the first that can be understood.
  void read_one(const Checks& checks) {
    constexpr auto order =
        std::to_array<std::string_view>({"HTTP", "HTTPS", "CMD", "SCRIPT", "TTL", "TCP"});
    const Label* by = nullptr;
    for (const std::string_view word : order) {
      const auto at = checks.find(std::string(word));
      if (at == checks.end()) continue;
      if (by != nullptr) {
        overridden_check(word, *at->second, by->key);
      } else if (read_check(word, *at->second)) {
        by = at->second;
      }
    }
    for (const auto& [word, label] : checks) {
      if (std::ranges::find(order, word) == order.end()) read_check(word, *label);
    }
  }

  bool is_understood(const Checks::value_type& check) {
    const auto& [word, label] = check;
    if (word == "HTTP" || word == "HTTPS") return parse_path(label->value).has_value();
    if (word == "INTERVAL" || word == "TIMEOUT") return parse_duration(label->value).has_value();
    return word != "TCP" || is_yes(*label);
  }

  const Label* first_understood(const Checks& checks) {
    for (const auto& check : checks) {
      if (is_understood(check)) return check.second;
    }
    return nullptr;
  }

  /// Whether it is a check, so that weaker ones do not count.
  bool read_check(std::string_view word, const Label& label) {
    Rare<Metadata::HealthCheck>& health = draft_.metadata().health;
    if (word == "HTTP" || word == "HTTPS") {
      auto path = draft_.understood(parse_path(label.value), label, right::path);
      if (!path) return false;
      draft_.put("health.path", health.make().path, std::move(*path), label);
      draft_.put("health.kind", health.make().kind, lower_case(word), label);
      return true;
    }
    if (word == "TCP") {
      if (!is_yes(label)) return false;
      draft_.put("health.kind", health.make().kind, std::string("tcp"), label);
      return true;
    }
    if (word == "INTERVAL" || word == "TIMEOUT") {
      const auto value = draft_.understood(parse_duration(label.value), label, right::duration);
      if (!value) return false;
      if (word == "INTERVAL") {
        draft_.put("health.interval", health.make().interval, *value, label);
      } else {
        draft_.put("health.timeout", health.make().timeout, *value, label);
      }
    }
    return word == "CMD" || word == "SCRIPT" || word == "TTL";  // metadata holds none of these
  }

  void overridden_checks(const Checks& checks) {
    for (const auto& [word, label] : checks) overridden_check(word, *label, checked_by_->key);
  }

  void overridden_check(std::string_view word, const Label& label, std::string_view by) {
    const auto text = std::string(label.value);
    if (word == "HTTP" || word == "HTTPS") {
      if (!draft_.understood(parse_path(label.value), label, right::path)) return;
      draft_.overridden("health.path", text, label.key, by);
      draft_.overridden("health.kind", lower_case(word), label.key, by);
    } else if (word == "TCP") {
      if (is_yes(label)) draft_.overridden("health.kind", "tcp", label.key, by);
    } else if (word == "INTERVAL" || word == "TIMEOUT") {
      const auto value = draft_.understood(parse_duration(label.value), label, right::duration);
      if (value) {
        draft_.overridden(word == "INTERVAL" ? "health.interval" : "health.timeout",
                          value_text(*value), label.key, by);
      }
    }
  }

  // For registrator any value but an empty one is a yes; here a no counts as a no.
  static bool is_yes(const Label& label) {
    const auto value = parse_bool(label.value);
    return !label.value.empty() && value.value_or(true);
  }

  // Any other word is an attribute of the service, and so an entry of its TXT record.
  void read_attribute(std::string_view word, const Label& label) {
    constexpr std::size_t longest = 254;
    const auto allowed = [](char c) { return c >= ' ' && c <= '~' && c != '='; };
    if (!std::ranges::all_of(word, allowed)) {
      return draft_.problem(label, "what follows SERVICE_ must be printable ASCII without \"=\"");
    }
    if (word.size() + label.value.size() > longest) {
      return draft_.problem(
          label, longest - std::min(word.size(), longest),
          fmt::format("\"{}\" is too long: name and value together may have 254 bytes",
                      excerpt(label.value)));
    }
    draft_.put_txt(lower_case(word), label.value, label);
  }

  static constexpr std::uint32_t of_all = 65536;

  Draft& draft_;
  std::map<std::uint32_t, Checks> checks_;  // by port
  std::vector<std::pair<Name, const Label*>> of_udp_;
  const Label* checked_by_ = nullptr;
};

}  // namespace

void read_registrator(std::span<const Label> labels, Draft& draft) {
  Registrator reader(draft);
  for (const Label& label : labels) reader.read(label);
  reader.finish();
}

}  // namespace rollcall::readers
