// The few variables of an instance's environment that tools treat as labels.
#include <algorithm>
#include <array>
#include <deque>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/labels/readers/readers.hpp"
#include "core/text/ascii.hpp"

namespace rollcall::readers {
namespace {

constexpr std::string_view service_prefix = "SERVICE_";

// Those of SERVICE_* that have a fixed meaning; any other may be a password.
constexpr auto service_words =
    std::to_array<std::string_view>({"NAME", "TAGS", "IGNORE", "CHECK_HTTP", "CHECK_HTTPS",
                                     "CHECK_TCP", "CHECK_INTERVAL", "CHECK_TIMEOUT"});

constexpr auto other_variables =
    std::to_array<std::string_view>({"VIRTUAL_HOST", "VIRTUAL_PORT", "KOI_MDNS_ANNOUNCE"});

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

bool is_service_variable(std::string_view variable) {
  if (!variable.starts_with(service_prefix)) return false;
  std::string_view word = variable.substr(service_prefix.size());
  if (is_one_of(service_words, word)) return true;
  const std::size_t line = std::min(word.find('_'), word.size());
  if (!parse_port(word.substr(0, line))) return false;
  word.remove_prefix(std::min(line + 1, word.size()));
  if (word.starts_with("UDP_") || word.starts_with("TCP_")) word.remove_prefix(4);
  return is_one_of(service_words, word);
}

/// VIRTUAL_HOST with VIRTUAL_PORT: names between commas; "~" begins a pattern.
void read_virtual_host(const Label* host, const Label* port_label, Draft& draft) {
  std::uint16_t port = 0;
  if (port_label != nullptr) {
    const auto parsed = draft.understood(parse_port(port_label->value), *port_label, right::port);
    port = parsed.value_or(0);
    if (parsed) {
      draft.put("target.port", draft.metadata().target.make().port, *parsed, *port_label);
    }
  }
  if (host == nullptr) return;
  Route route{.name = "VIRTUAL_HOST",
              .hosts = {},
              .paths = {},
              .port = port,
              .scheme = {},
              .source = std::string(host->key)};
  const std::string_view text = host->value;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view word = trimmed(text.substr(begin, end - begin));
    begin = end + 1;
    const bool pattern = word.starts_with('~') || word.ends_with(".*");
    route.narrowed = route.narrowed || pattern;
    if (word.empty() || pattern) continue;
    auto name = parse_host(word);
    if (!name) {
      const auto at = static_cast<std::size_t>(word.data() - text.data());
      return draft.malformed(*host, at + name.error(), right::host);
    }
    add_once(route.hosts, std::move(*name));
    if (route.hosts.size() > most_hosts) {
      return draft.problem(*host, begin - 1,
                           fmt::format("a route has at most {} hosts", most_hosts));
    }
  }
  if (!route.hosts.empty()) draft.add_route(std::move(route));
}

}  // namespace

void read_environment(const Labels& environment, Draft& draft) {
  std::deque<std::string> keys;
  std::vector<Label> service_labels;
  std::deque<Label> others;
  for (const auto& [variable, value] : environment) {
    if (!may_be_read(variable)) continue;
    const std::string& key = keys.emplace_back(fmt::format("env {}", variable));
    Label label{.key = key, .name = variable, .value = value, .secret = true};
    if (is_service_variable(variable)) {
      label.name.remove_prefix(service_prefix.size());
      service_labels.push_back(label);
    } else {
      others.push_back(label);
    }
  }
  read_registrator(service_labels, draft);
  const auto find = [&others](std::string_view name) {
    const auto at = std::ranges::find(others, name, &Label::name);
    return at == others.end() ? nullptr : &*at;
  };
  read_virtual_host(find("VIRTUAL_HOST"), find("VIRTUAL_PORT"), draft);
  if (const Label* announce = find("KOI_MDNS_ANNOUNCE")) {
    const auto value = draft.understood(parse_bool(announce->value), *announce, right::boolean);
    if (value) draft.put("announce", draft.metadata().announce, *value, *announce);
  }
}

}  // namespace rollcall::readers

namespace rollcall {

bool may_be_read(std::string_view variable) {
  return readers::is_one_of(readers::other_variables, variable) ||
         readers::is_service_variable(variable);
}

}  // namespace rollcall
