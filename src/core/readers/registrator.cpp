// SERVICE_*: what registrator reads, for the whole instance or for one of its ports.
#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "core/readers/readers.hpp"
#include "core/text.hpp"

namespace rollcall::readers {
namespace {

/// "80_NAME" is the port 80 and "NAME"; "NAME" has no port.
struct Name {
  std::optional<std::uint16_t> port{};
  std::string_view word;
};

Name name_of(std::string_view text) {
  const std::size_t line = text.find('_');
  if (line != std::string_view::npos) {
    if (const auto port = parse_port(text.substr(0, line))) {
      return {.port = *port, .word = text.substr(line + 1)};
    }
  }
  return {.word = text};
}

class Registrator {
 public:
  explicit Registrator(Draft& draft) : draft_(draft) {}

  void read(const Label& label) {
    const Name name = name_of(label.name);
    const std::string_view word = name.word;
    if (word.starts_with("CHECK_")) {
      read_check(word, label);
    } else if (word == "ID" || word.empty()) {
      return;  // it names an entry of a registry that is not ours
    } else if (name.port) {
      read_of_port(*name.port, word, label);
    } else {
      read_of_all(word, label);
    }
  }

 private:
  void read_of_all(std::string_view word, const Label& label) {
    if (word == "NAME") {
      if (auto value = draft_.understood(parse_name(label.value), label, right::name)) {
        draft_.put("name", draft_.metadata().name, std::move(*value), label);
      }
    } else if (word == "TAGS") {
      if (auto value = draft_.understood(parse_tags(label.value), label, right::tags)) {
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
      if (auto value = draft_.understood(parse_tags(label.value), label, right::tags)) {
        draft_.put(field + "tags", draft_.port(port).tags, std::move(*value), label);
      }
    } else if (word == "IGNORE" && ignores(label)) {
      draft_.put(field + "enable", draft_.port(port).enable, false, label);
    }
  }

  // The check of whichever port: an instance has one.
  void read_check(std::string_view word, const Label& label) {
    Rare<Metadata::HealthCheck>& health = draft_.metadata().health;
    if (word == "CHECK_HTTP" || word == "CHECK_HTTPS") {
      auto path = draft_.understood(parse_path(label.value), label, right::path);
      if (!path) return;
      draft_.put("health.path", health.make().path, std::move(*path), label);
      const std::string kind = word == "CHECK_HTTP" ? "http" : "https";
      draft_.put("health.kind", health.make().kind, kind, label);
    } else if (word == "CHECK_TCP") {
      const auto tcp = draft_.understood(parse_bool(label.value), label, right::boolean);
      if (tcp && *tcp) draft_.put("health.kind", health.make().kind, std::string("tcp"), label);
    } else if (word == "CHECK_INTERVAL") {
      const auto value = draft_.understood(parse_duration(label.value), label, right::duration);
      if (value) draft_.put("health.interval", health.make().interval, *value, label);
    } else if (word == "CHECK_TIMEOUT") {
      const auto value = draft_.understood(parse_duration(label.value), label, right::duration);
      if (value) draft_.put("health.timeout", health.make().timeout, *value, label);
    }
  }

  // Registrator ignores what has this variable with any value; a no is taken at its word here.
  static bool ignores(const Label& label) {
    const auto value = parse_bool(label.value);
    return !value || *value;
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

  Draft& draft_;
};

}  // namespace

void read_registrator(std::span<const Label> labels, Draft& draft) {
  Registrator reader(draft);
  for (const Label& label : labels) reader.read(label);
}

}  // namespace rollcall::readers
