#include "cli/view/instance_text.hpp"

#include <algorithm>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text/text.hpp"

namespace rollcall::cli {
namespace {

constexpr std::size_t short_id_length = 12;

bool is_hexadecimal(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_every_address(std::string_view ip) {
  return ip.empty() || ip == "0.0.0.0" || ip == "::";
}

/// Neighbouring ports of one kind.
struct PortRange {
  std::string host_ip;  // empty for all
  Protocol protocol;
  PortScope scope;
  std::uint16_t host_port;
  std::uint16_t container_port;
  std::uint16_t more = 0;

  [[nodiscard]] bool continues_with(const PortRange& next) const {
    const int step = more + 1;
    return std::tie(host_ip, protocol, scope) ==
               std::tie(next.host_ip, next.protocol, next.scope) &&
           container_port + step == next.container_port &&
           (scope == PortScope::internal || host_port + step == next.host_port);
  }

  friend auto operator<=>(const PortRange&, const PortRange&) = default;
};

std::vector<PortRange> folded(const std::vector<PortMapping>& ports) {
  std::vector<PortRange> all;
  for (const PortMapping& port : ports) {
    const std::string ip = is_every_address(port.host_ip) ? std::string() : port.host_ip;
    all.push_back({ip, port.protocol, port.scope, port.host_port, port.container_port});
  }
  std::ranges::sort(all);
  // A port that is published on all IPv4 and all IPv6 addresses is one port to a person.
  const auto twins = std::ranges::unique(all);
  all.erase(twins.begin(), twins.end());

  std::vector<PortRange> ranges;
  for (const PortRange& port : all) {
    if (!ranges.empty() && ranges.back().continues_with(port)) {
      ++ranges.back().more;
    } else {
      ranges.push_back(port);
    }
  }
  std::ranges::sort(ranges, {}, [](const PortRange& range) {
    return std::tuple(range.scope == PortScope::internal, range.container_port, range);
  });
  return ranges;
}

std::string range_text(std::uint16_t first, std::uint16_t more) {
  return more == 0 ? std::to_string(first) : fmt::format("{}-{}", first, first + more);
}

std::string port_text(const PortRange& range) {
  const std::string inner = range_text(range.container_port, range.more);
  const std::string_view protocol = to_string(range.protocol);
  std::string ip = printable(range.host_ip);
  if (ip.contains(':')) ip = "[" + ip + "]";
  switch (range.scope) {
    case PortScope::internal:
      break;
    case PortScope::published:
    case PortScope::cluster:
      if (!ip.empty()) ip += ':';
      return fmt::format("{}{}->{}/{}", ip, range_text(range.host_port, range.more), inner,
                         protocol);
    case PortScope::host:
      return fmt::format("{}:{}/{}", ip.empty() ? "*" : ip, inner, protocol);
  }
  return fmt::format("{}/{}", inner, protocol);
}

}  // namespace

std::string state_text(const Instance& instance) {
  std::string text(to_string(instance.state));
  if (instance.health != Health::none) {
    text += fmt::format(" ({})", to_string(instance.health));
  } else if (!instance.reason.empty()) {
    text += fmt::format(" ({})", printable(instance.reason));
  }
  return text;
}

Style state_style(const Instance& instance) {
  if (instance.health == Health::unhealthy) return Style::red;
  switch (instance.state) {
    case InstanceState::running:
      return instance.health == Health::starting ? Style::yellow : Style::green;
    case InstanceState::paused:
    case InstanceState::restarting:
    case InstanceState::reloading:
      return Style::yellow;
    case InstanceState::stopped:
      return Style::dim;
    case InstanceState::unknown:
      return Style::red;
  }
  return Style::plain;
}

std::string image_text(const Instance& instance, Detail detail) {
  std::string image = instance.image;
  constexpr std::string_view digest = "sha256:";
  const std::size_t at = image.find(digest);
  if (detail == Detail::shortened) {
    if (at != std::string::npos) {
      image.resize(std::min(image.size(), at + digest.size() + short_id_length));
    } else {
      image = short_id(image);
    }
  }
  return or_dash(image);
}

std::vector<std::string> address_words(const Instance& instance, Detail detail) {
  std::vector<std::string> words;
  for (const Address& address : instance.addresses) {
    const bool named = detail == Detail::full && !address.network.empty();
    words.push_back(printable(named ? address.network + ":" + address.ip : address.ip));
  }
  // An address may occur in several networks.
  std::ranges::sort(words);
  const auto same = std::ranges::unique(words);
  words.erase(same.begin(), same.end());
  return words;
}

std::string addresses_text(const Instance& instance, Detail detail, const NameOf& name_of) {
  if (instance.network_mode == NetworkMode::joined) {
    const std::string name = name_of(instance.key, instance.network_owner);
    // If the owner is not shown, the addresses say more than its id.
    if (!name.empty() || instance.addresses.empty()) {
      return "via " + printable(name.empty() ? short_id(instance.network_owner) : name);
    }
  }
  if (!instance.addresses.empty()) {
    return fmt::format("{}", fmt::join(address_words(instance, detail), ", "));
  }
  return instance.network_mode == NetworkMode::host ? "host" : "-";
}

std::vector<std::string> port_words(const Instance& instance) {
  std::vector<std::string> words;
  for (const PortRange& range : folded(instance.ports)) words.push_back(port_text(range));
  return words;
}

std::string ports_text(const Instance& instance) {
  const std::vector<std::string> words = port_words(instance);
  return words.empty() ? "-" : fmt::format("{}", fmt::join(words, ", "));
}

std::string short_duration(std::chrono::nanoseconds duration) {
  using namespace std::chrono;
  const auto s = std::max<std::int64_t>(duration_cast<seconds>(duration).count(), 0);
  constexpr std::int64_t minute = 60;
  constexpr std::int64_t hour = 60 * minute;
  constexpr std::int64_t day = 24 * hour;
  constexpr std::int64_t year = 365 * day;
  // The smaller unit is kept while it is more precise: 90 minutes is not one hour.
  if (s < 2 * minute) return fmt::format("{}s", s);
  if (s < 2 * hour) return fmt::format("{}m", s / minute);
  if (s < 2 * day) return fmt::format("{}h", s / hour);
  if (s < 2 * year) return fmt::format("{}d", s / day);
  return fmt::format("{}y", s / year);
}

std::string age_text(const Instance& instance, Timestamp now) {
  const auto& since = instance.created_at ? instance.created_at : instance.started_at;
  return since ? short_duration(now - *since) : "-";
}

std::string short_id(std::string_view id) {
  const bool shorten = id.size() >= 2 * short_id_length && is_hexadecimal(id);
  return std::string(shorten ? id.substr(0, short_id_length) : id);
}

std::string or_dash(std::string_view text) {
  return text.empty() ? "-" : printable(text);
}

}  // namespace rollcall::cli
