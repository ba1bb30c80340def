#include "backends/incus/ports.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "core/addresses.hpp"
#include "core/text.hpp"

namespace rollcall::incus {
namespace {

constexpr std::size_t max_ports = 4096;  // of one device or row; the ports of a host are 65,535

using Numbers = std::vector<std::uint16_t>;

/// A side of a device: where it listens, or connects to.
struct Side {
  bool unix_socket = false;
  Protocol protocol = Protocol::tcp;
  struct Port {
    std::string ip;
    std::uint16_t number = 0;
  };
  std::vector<Port> ports;
};

std::optional<std::uint16_t> number_in(std::string_view text) {
  std::uint16_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = read.ec == std::errc() && read.ptr == text.data() + text.size();
  return whole && number > 0 ? std::optional(number) : std::nullopt;
}

/// Adds "80" or "80-89".
bool add_range(std::string_view text, Numbers& into) {
  const std::size_t dash = text.find('-');
  const auto first = number_in(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : number_in(text.substr(dash + 1));
  if (!first || !last || *last < *first) return false;
  if (into.size() + (*last - *first) >= max_ports) return false;
  for (std::uint32_t number = *first; number <= *last; ++number) {
    into.push_back(static_cast<std::uint16_t>(number));
  }
  return true;
}

/// "80,90-99"
std::optional<Numbers> numbers_in(std::string_view text) {
  Numbers numbers;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    if (!add_range(text.substr(0, comma), numbers)) return std::nullopt;
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return numbers.empty() ? std::nullopt : std::optional(std::move(numbers));
}

std::optional<Protocol> protocol_of(std::string_view word) {
  if (word == "tcp") return Protocol::tcp;
  if (word == "udp") return Protocol::udp;
  return std::nullopt;
}

/// Takes "tcp:" away; false if it begins with no type that is known.
bool take_type(std::string_view& text, Side& side) {
  const std::string_view type = text.substr(0, text.find(':'));
  side.unix_socket = type == "unix";
  const auto protocol = protocol_of(type);
  if (!side.unix_socket && !protocol) return false;
  side.protocol = protocol.value_or(Protocol::tcp);
  text.remove_prefix(std::min(type.size() + 1, text.size()));
  return true;
}

/// Adds "80", or "1.2.3.4:80" and "[::1]:80", which say where the next ones are, too.
bool add_port(std::string_view part, std::string& ip, Side& side) {
  const std::size_t colon = part.rfind(':');
  if (colon != std::string_view::npos) {
    std::string_view host = part.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    auto address = canonical_address(host);
    if (!address) return false;
    ip = std::move(address->ip);
    part.remove_prefix(colon + 1);
  }
  Numbers numbers;
  if (ip.empty() || !add_range(part, numbers)) return false;
  for (const std::uint16_t number : numbers) side.ports.push_back({ip, number});
  return side.ports.size() <= max_ports;
}

std::optional<Side> parse_side(std::string_view text) {
  Side side;
  if (!take_type(text, side)) return std::nullopt;
  if (side.unix_socket) return side;
  std::string ip;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::string_view part = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    if (part.starts_with("tcp:") || part.starts_with("udp:")) {
      if (!take_type(part, side)) return std::nullopt;
    }
    if (!add_port(part, ip, side)) return std::nullopt;
  }
  return side.ports.empty() ? std::nullopt : std::optional(std::move(side));
}

PortMapping internal(std::uint16_t port, Protocol protocol, const std::string& name) {
  return {.host_ip = {},
          .host_port = 0,
          .container_port = port,
          .protocol = protocol,
          .name = name,
          .scope = PortScope::internal};
}

/// The port behind the one at a place of the list: all may share one.
std::optional<std::uint16_t> behind(const Numbers& ports, std::size_t at, std::size_t count) {
  if (ports.size() == 1) return ports.front();
  return ports.size() == count ? std::optional(ports[at]) : std::nullopt;
}

bool add_published(const Side& listen, const Side& connect, const std::string& name,
                   std::vector<PortMapping>& ports) {
  Numbers inner;
  for (const auto& port : connect.ports) inner.push_back(port.number);
  if (connect.unix_socket) inner = {0};
  std::vector<PortMapping> found;
  for (std::size_t at = 0; at < listen.ports.size(); ++at) {
    const auto port = behind(inner, at, listen.ports.size());
    if (!port) return false;
    found.push_back({.host_ip = listen.ports[at].ip,
                     .host_port = listen.ports[at].number,
                     .container_port = *port,
                     .protocol = listen.protocol,
                     .name = name,
                     .scope = PortScope::published});
  }
  std::ranges::move(found, std::back_inserter(ports));
  return true;
}

}  // namespace

void add_ports(const ProxyDevice& device, std::vector<PortMapping>& ports,
               std::vector<Problem>& problems) {
  const auto listen = parse_side(device.listen);
  const auto connect = parse_side(device.connect);
  // The engine's other words for it are from before it knew of virtual machines.
  const bool inside =
      device.bind == "instance" || device.bind == "container" || device.bind == "guest";
  const Side* const within = !listen || !connect ? nullptr : inside ? &*listen : &*connect;
  bool understood = within != nullptr;
  if (understood && (inside || listen->unix_socket)) {
    for (const auto& port : within->ports) {
      ports.push_back(internal(port.number, within->protocol, device.name));
    }
  } else if (understood) {
    understood = add_published(*listen, *connect, device.name, ports);
  }
  if (understood) return;
  problems.push_back({.where = fmt::format("devices.{}", excerpt(device.name)),
                      .what = fmt::format("\"{}\" to \"{}\" cannot be understood",
                                          excerpt(device.listen), excerpt(device.connect))});
}

std::vector<ForwardedPort> ports_of(const ForwardRow& row, std::string_view listen_address) {
  const auto protocol = protocol_of(row.protocol);
  const auto listen = canonical_address(listen_address);
  const auto target = canonical_address(row.target_address);
  const auto outer = numbers_in(row.listen_port);
  const auto inner = row.target_port.empty() ? outer : numbers_in(row.target_port);
  if (!protocol || !listen || !target || !outer || !inner) return {};
  std::vector<ForwardedPort> ports;
  for (std::size_t at = 0; at < outer->size(); ++at) {
    const auto port = behind(*inner, at, outer->size());
    if (!port) return {};
    ports.push_back({target->ip,
                     {.host_ip = listen->ip,
                      .host_port = (*outer)[at],
                      .container_port = *port,
                      .protocol = *protocol,
                      .name = {},
                      .scope = PortScope::published}});
  }
  return ports;
}

}  // namespace rollcall::incus
