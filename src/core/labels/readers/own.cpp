// rollcall.* and koi.*: the labels that are meant for Rollcall.
#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "core/labels/readers/fields.hpp"
#include "core/labels/readers/readers.hpp"
#include "core/text/ascii.hpp"
#include "core/text/text.hpp"

namespace rollcall::readers {
namespace {

constexpr std::string_view txt_prefix = "txt.";
constexpr std::string_view ports_prefix = "ports.";

// A koi label that disables the instance beats a rollcall label that enables it, and vice versa.
void read_enable(const Field& field, const Label& label, Draft& draft) {
  if (const auto value = draft.understood(parse_bool(label.value), label, field.right)) {
    draft.put_enable(*value, label, true);
  }
}

// The fields of koi's labels; rollcall's begin with the same ones.
constexpr auto koi_fields = std::to_array<Field>({
    {"enable", "enable", right::boolean, read_enable},
    {"announce", "announce", right::boolean, read_value<parse_bool, &Metadata::announce>},
    {"type", "type", right::service_type, read_value<parse_service_type, &Metadata::type>},
    {"name", "name", right::name, read_value<parse_name, &Metadata::name>},
    {"dns.name", "dns_name", right::dns_name, read_value<parse_dns_name, &Metadata::dns_name>},
    {"health.path", "health.path", right::health_path,
     read_value<parse_health_path, &Metadata::health, &Metadata::HealthCheck::path>},
    {"health.kind", "health.kind", right::health_kind,
     read_value<parse_health_kind, &Metadata::health, &Metadata::HealthCheck::kind>},
    {"health.interval", "health.interval", right::duration,
     read_value<parse_duration, &Metadata::health, &Metadata::HealthCheck::interval>},
    {"health.timeout", "health.timeout", right::duration,
     read_value<parse_duration, &Metadata::health, &Metadata::HealthCheck::timeout>},
    {"proxy.port", "proxy.port", right::port,
     read_value<parse_port, &Metadata::proxy, &Metadata::Proxy::port>},
    {"proxy.remote", "proxy.remote", right::boolean,
     read_value<parse_bool, &Metadata::proxy, &Metadata::Proxy::remote>},
    {"certmesh", "certmesh", right::boolean, read_value<parse_bool, &Metadata::certmesh>},
});
constexpr auto further_fields = std::to_array<Field>({
    {"port", "target.port", right::port,
     read_value<parse_port, &Metadata::target, &Metadata::Target::port>},
    {"scheme", "target.scheme", right::scheme,
     read_value<parse_scheme, &Metadata::target, &Metadata::Target::scheme>},
    {"network", "target.network", right::network,
     read_value<parse_network, &Metadata::target, &Metadata::Target::network>},
    {"tags", "tags", right::tags, read_value<parse_tags, &Metadata::tags>},
    {"scrape.enable", "scrape.enable", right::boolean,
     read_value<parse_bool, &Metadata::scrape, &Metadata::Scrape::enable>},
    {"scrape.port", "scrape.port", right::port,
     read_value<parse_port, &Metadata::scrape, &Metadata::Scrape::port>},
    {"scrape.path", "scrape.path", right::path, read_scrape_path},
    {"scrape.scheme", "scrape.scheme", right::web_scheme,
     read_value<parse_web_scheme, &Metadata::scrape, &Metadata::Scrape::scheme>},
    {"display.group", "display.group", right::line,
     read_value<parse_line, &Metadata::display, &Metadata::Display::group>},
    {"display.icon", "display.icon", right::line,
     read_value<parse_line, &Metadata::display, &Metadata::Display::icon>},
    {"display.href", "display.href", right::url,
     read_value<parse_url, &Metadata::display, &Metadata::Display::href>},
    {"display.description", "display.description", right::line,
     read_value<parse_line, &Metadata::display, &Metadata::Display::description>},
});
constexpr auto rollcall_fields = [] {
  std::array<Field, koi_fields.size() + further_fields.size()> all{};
  const auto end = std::ranges::copy(koi_fields, all.begin()).out;
  std::ranges::copy(further_fields, end);
  return all;
}();

/// The known name that the unknown one was probably meant to be; empty if none is close.
std::string_view likely_meant(std::span<const Field> known, std::string_view unknown) {
  constexpr std::size_t longest = 32;
  std::string_view best;
  if (unknown.size() > longest) return best;
  std::size_t least = 3;
  for (const Field& field : known) {
    const std::size_t distance = edit_distance(unknown, field.name);
    if (distance >= least || distance > field.name.size() / 3) continue;
    least = distance;
    best = field.name;
  }
  return best;
}

class OwnReader {
 public:
  /// `ports`: whether single ports have labels, too.
  OwnReader(std::span<const Field> known, bool ports, std::string_view word, Draft& draft)
      : known_(known), ports_(ports), word_(word), draft_(draft) {}

  void read(const Label& label) {
    // Keys are case-sensitive everywhere else, so one written otherwise is a typo.
    if (!label.key.contains(word_)) return unknown(label);
    if (label.name.starts_with(txt_prefix)) return read_txt(label);
    if (ports_ && label.name.starts_with(ports_prefix)) return read_port(label);
    const Field* field = find_field(known_, label.name);
    if (field == nullptr) return unknown(label);
    field->read(*field, label, draft_);
  }

 private:
  // One string of a DNS-SD TXT record: "key=value", at most 255 bytes, the key of printable ASCII
  // without "=".
  void read_txt(const Label& label) {
    const std::string_view key = label.name.substr(txt_prefix.size());
    const auto allowed = [](char c) { return c >= ' ' && c <= '~' && c != '='; };
    if (key.empty() || !std::ranges::all_of(key, allowed)) {
      return draft_.problem(label, "what follows txt. must be printable ASCII without \"=\"");
    }
    constexpr std::size_t longest = 254;
    if (key.size() + label.value.size() > longest) {
      return draft_.problem(
          label, longest - std::min(key.size(), longest),
          fmt::format("\"{}\" is too long: key and value together may have 254 bytes",
                      excerpt(label.value)));
    }
    draft_.put_txt(key, label.value, label);
  }

  // ports.PORT.enable, name, type, tags
  void read_port(const Label& label) {
    const std::string_view rest = label.name.substr(ports_prefix.size());
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    const auto port = parse_port(rest.substr(0, dot));
    const std::string_view name = rest.substr(std::min(dot + 1, rest.size()));
    if (!port || !read_port_value(*port, name, label)) {
      draft_.problem(label, fmt::format("unknown label; write {}ports.PORT. and enable, name, "
                                        "type or tags",
                                        prefix_of(label)));
    }
  }

  bool read_port_value(std::uint16_t port, std::string_view name, const Label& label) {
    const auto put = [&](auto parsed, std::string_view right, auto slot) {
      auto value = draft_.understood(std::move(parsed), label, right);
      Metadata::Port* said = value ? draft_.port(port, label) : nullptr;
      if (said == nullptr) return;
      draft_.put(fmt::format("ports.{}.{}", port, name), slot(*said), std::move(*value), label);
    };
    using Port = Metadata::Port;
    if (name == "enable") {
      put(parse_bool(label.value), right::boolean, [](Port& p) -> auto& { return p.enable; });
    } else if (name == "name") {
      put(parse_name(label.value), right::name, [](Port& p) -> auto& { return p.name; });
    } else if (name == "type") {
      put(parse_service_type(label.value), right::service_type,
          [](Port& p) -> auto& { return p.type; });
    } else if (name == "tags") {
      put(parse_tags(label.value), right::tags, [](Port& p) -> auto& { return p.tags; });
    } else {
      return false;
    }
    return true;
  }

  static std::string prefix_of(const Label& label) {
    return lower_case(label.key.substr(0, label.key.size() - label.name.size()));
  }

  void unknown(const Label& label) {
    if (draft_.has_all_problems()) return;
    const std::string prefix = prefix_of(label);
    if (const std::string_view meant = likely_meant(known_, label.name); !meant.empty()) {
      return draft_.problem(label, fmt::format("unknown label; did you mean {}{}?", prefix, meant));
    }
    std::string known;
    for (const Field& field : known_) known += fmt::format("{}, ", field.name);
    if (ports_) known += "ports.PORT.…, ";
    draft_.problem(label,
                   fmt::format("unknown label; after {} may stand {}txt.KEY", prefix, known));
  }

  std::span<const Field> known_;
  bool ports_;
  std::string_view word_;
  Draft& draft_;
};

void read_own(std::span<const Label> labels, OwnReader reader) {
  for (const Label& label : labels) reader.read(label);
}

}  // namespace

void read_rollcall(std::span<const Label> labels, Draft& draft) {
  read_own(labels, OwnReader(rollcall_fields, true, "rollcall.", draft));
}

void read_koi(std::span<const Label> labels, Draft& draft) {
  read_own(labels, OwnReader(koi_fields, false, "koi.", draft));
}

}  // namespace rollcall::readers
