// SERVICE_*: what registrator reads, for the whole instance or for one of its ports.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/ascii.hpp"
#include "core/readers/readers.hpp"
#include "core/text.hpp"

namespace rollcall::readers {
namespace {

/// "80_NAME" is the port 80 and "NAME"; "NAME" has no port.
struct Name {
  std::optional<std::uint16_t> port{};
  std::string word;  ///< In capitals: registrator takes it in any case.
};

std::string upper_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

Name name_of(std::string_view text) {
  const std::size_t line = text.find('_');
  if (line != std::string_view::npos) {
    if (const auto port = parse_port(text.substr(0, line))) {
      return {.port = *port, .word = upper_case(text.substr(line + 1))};
    }
  }
  return {.word = upper_case(text)};
}

constexpr std::string_view check_prefix = "CHECK_";

class Registrator {
 public:
  explicit Registrator(Draft& draft) : draft_(draft) {}

  void read(const Label& label) {
    const Name name = name_of(label.name);
    const std::string& word = name.word;
    if (word.starts_with(check_prefix)) {
      // Those that are of no port come last.
      checks_[name.port ? *name.port : of_all].emplace_back(word.substr(check_prefix.size()),
                                                            &label);
    } else if (word == "ID" || word.empty()) {
      return;  // it names an entry of a registry that is not ours
    } else if (name.port) {
      read_of_port(*name.port, word, label);
    } else {
      read_of_all(word, label);
    }
  }

  void finish() {
    for (const auto& [port, labels] : checks_) {
      for (const auto& [word, label] : labels) read_check(port, word, *label);
    }
  }

 private:
  void read_of_all(std::string_view word, const Label& label) {
    if (word == "NAME") {
      if (auto value = draft_.understood(parse_name(label.value), label, right::name)) {
        draft_.put("name", draft_.metadata().name, std::move(*value), label);
      }
    } else if (word == "TAGS") {
      if (auto value = draft_.understood(parse_escaped_tags(label.value), label, right::tags)) {
        draft_.put("tags", draft_.metadata().tags, std::move(*value), label);
      }
    } else if (word == "IGNORE") {
      if (ignores(label)) draft_.put_enable(false, label, false);
    } else if (!label.secret) {
      read_attribute(word, label);
    }
  }

  void read_of_port(std::uint16_t port, std::string_view word, const Label& label) {
    const std::string field = fmt::format("ports.{}.", port);
    if (word == "NAME") {
      if (auto value = draft_.understood(parse_name(label.value), label, right::name)) {
        draft_.put(field + "name", draft_.port(port).name, std::move(*value), label);
      }
    } else if (word == "TAGS") {
      if (auto value = draft_.understood(parse_escaped_tags(label.value), label, right::tags)) {
        draft_.put(field + "tags", draft_.port(port).tags, std::move(*value), label);
      }
    } else if (word == "IGNORE" && ignores(label)) {
      draft_.put(field + "enable", draft_.port(port).enable, false, label);
    }
  }

  // An instance has one check: that of its lowest port that has one, and what is said for all.
  void read_check(std::uint32_t port, std::string_view word, const Label& label) {
    Rare<Metadata::HealthCheck>& health = draft_.metadata().health;
    if (word == "HTTP" || word == "HTTPS") {
      auto path = draft_.understood(parse_path(label.value), label, right::path);
      if (!path) return;
      put_check(port, "health.path", health.make().path, std::move(*path), label);
      put_check(port, "health.kind", health.make().kind, lower_case(word), label);
    } else if (word == "TCP") {
      const auto tcp = draft_.understood(parse_bool(label.value), label, right::boolean);
      if (!tcp || !*tcp) return;
      put_check(port, "health.kind", health.make().kind, std::string("tcp"), label);
    } else if (word == "INTERVAL") {
      const auto value = draft_.understood(parse_duration(label.value), label, right::duration);
      if (value) put_check(port, "health.interval", health.make().interval, *value, label);
    } else if (word == "TIMEOUT") {
      const auto value = draft_.understood(parse_duration(label.value), label, right::duration);
      if (value) put_check(port, "health.timeout", health.make().timeout, *value, label);
    }
  }

  template <class T>
  void put_check(std::uint32_t port, std::string_view field, Metadata::Maybe<T>& slot, T value,
                 const Label& label) {
    if (checked_by_ == nullptr && port != of_all) {
      checked_port_ = port;
      checked_by_ = &label;
    }
    if (port == of_all || port == checked_port_) return draft_.put(field, slot, value, label);
    draft_.overridden(field, value_text(value), label.key, checked_by_->key);
  }

  // Registrator ignores what has this variable with any value but an empty one; a no is taken at
  // its word here.
  static bool ignores(const Label& label) {
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
  std::map<std::uint32_t, std::vector<std::pair<std::string, const Label*>>> checks_;  // by port
  std::uint32_t checked_port_ = of_all;
  const Label* checked_by_ = nullptr;
};

}  // namespace

void read_registrator(std::span<const Label> labels, Draft& draft) {
  Registrator reader(draft);
  for (const Label& label : labels) reader.read(label);
  reader.finish();
}

}  // namespace rollcall::readers
