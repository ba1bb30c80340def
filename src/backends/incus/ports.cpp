#include "backends/incus/ports.hpp"

#include <algorithm>
#include <cstddef>
#include <expected>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "core/addresses.hpp"
#include "core/budgets.hpp"
#include "core/secrets/secrets.hpp"
#include "core/text/numbers.hpp"

namespace rollcall::incus {
namespace {

/// A value, or the end of a sentence that says why there is none.
template <class Value>
using Read = std::expected<Value, std::string>;

using Ranges = std::vector<PortRange>;

/// One side of a device: the addresses and ports that it listens on or connects to.
struct Side {
  bool unix_socket = false;
  Protocol protocol = Protocol::tcp;
  Ranges ranges;
};

// ---- what is written

std::optional<std::uint16_t> number_in(std::string_view text) {
  const auto number = whole_number<std::uint16_t>(text);
  return number == 0 ? std::nullopt : number;
}

/// Adds "80" or "80-89".
Read<void> add_range(std::string_view text, std::string_view ip, Ranges& into) {
  const std::size_t dash = text.find('-');
  const auto first = number_in(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : number_in(text.substr(dash + 1));
  if (!first || !last) {
    return std::unexpected(
        fmt::format("\"{}\" is no port from 1 to 65535, and no range of them", quotation(text)));
  }
  if (*last < *first) {
    return std::unexpected(fmt::format("the range {} ends before it begins", quotation(text)));
  }
  if (into.size() == budget::device_ranges) {
    return std::unexpected(
        fmt::format("there are more than {} ranges of ports", budget::device_ranges));
  }
  into.push_back({.ip = std::string(ip), .first = *first, .last = *last});
  return {};
}

/// Calls `each(part)` for each comma-separated part, until one fails.
template <class Each>
Read<void> each_part(std::string_view text, Each each) {
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    auto taken = each(text.substr(0, comma));
    if (!taken) return taken;
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return {};
}

/// "80,90-99"
Read<Ranges> ranges_in(std::string_view text) {
  Ranges ranges;
  auto read = each_part(text, [&](std::string_view part) { return add_range(part, {}, ranges); });
  if (!read) return std::unexpected(std::move(read.error()));
  if (ranges.empty()) return std::unexpected("it names no port");
  return ranges;
}

std::optional<Protocol> protocol_of(std::string_view word) {
  if (word == "tcp") return Protocol::tcp;
  if (word == "udp") return Protocol::udp;
  return std::nullopt;
}

/// Removes a prefix like "tcp:".
Read<void> take_type(std::string_view& text, Side& side) {
  const std::string_view type = text.substr(0, text.find(':'));
  side.unix_socket = type == "unix";
  const auto protocol = protocol_of(type);
  if (!side.unix_socket && !protocol) {
    return std::unexpected(fmt::format("\"{}\" is none of tcp, udp and unix", quotation(type)));
  }
  side.protocol = protocol.value_or(Protocol::tcp);
  text.remove_prefix(std::min(type.size() + 1, text.size()));
  return {};
}

enum class Way : std::uint8_t { listens, connects };

/// Parses the address of a host. Where an instance connects to, a name is allowed and ignored.
Read<std::string> host_in(std::string_view text, Way way) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  auto address = canonical_address(text);
  if (address) return std::move(address->ip);
  if (way == Way::connects && !text.empty()) return std::string(text);
  return std::unexpected(fmt::format("\"{}\" is no address", quotation(text)));
}

/// Adds "80", or "1.2.3.4:80" and "[::1]:80". An address also applies to the ports after it.
Read<void> add_ports_of(std::string_view part, Way way, std::string& ip, Side& side) {
  const std::size_t colon = part.rfind(':');
  if (colon != std::string_view::npos) {
    auto host = host_in(part.substr(0, colon), way);
    if (!host) return std::unexpected(std::move(host.error()));
    ip = std::move(*host);
    part.remove_prefix(colon + 1);
  }
  if (ip.empty()) {
    return std::unexpected(fmt::format("\"{}\" is no address with a port", quotation(part)));
  }
  return add_range(part, ip, side.ranges);
}

Read<Side> side_in(std::string_view text, Way way) {
  Side side;
  auto read = take_type(text, side);
  if (!read) return std::unexpected(std::move(read.error()));
  if (side.unix_socket) return side;
  std::string ip;
  read = each_part(text, [&](std::string_view part) -> Read<void> {
    if (part.starts_with("tcp:") || part.starts_with("udp:")) {
      auto typed = take_type(part, side);
      if (!typed) return typed;
    }
    return add_ports_of(part, way, ip, side);
  });
  if (!read) return std::unexpected(std::move(read.error()));
  if (side.ranges.empty()) return std::unexpected("it names no port");
  return side;
}

// ---- what it comes to

std::size_t count_of(std::span<const PortRange> ranges) {
  std::size_t count = 0;
  for (const PortRange& range : ranges) count += range.last - range.first + std::size_t{1};
  return count;
}

/// Iterates over the ports of ranges.
class Cursor {
 public:
  explicit Cursor(std::span<const PortRange> ranges) : ranges_(ranges) { enter(); }

  [[nodiscard]] bool ended() const { return at_ == ranges_.size(); }
  [[nodiscard]] const std::string& ip() const { return ranges_[at_].ip; }
  [[nodiscard]] std::uint16_t port() const { return static_cast<std::uint16_t>(port_); }

  void step() {
    if (++port_ <= ranges_[at_].last) return;
    ++at_;
    enter();
  }

 private:
  void enter() {
    if (!ended()) port_ = ranges_[at_].first;
  }

  std::span<const PortRange> ranges_;
  std::size_t at_ = 0;
  std::uint32_t port_ = 0;
};

/// The properties that all ports of a device, or of a row, share.
struct Common {
  std::string_view ip;  ///< Where all listen; empty: where each says.
  std::string_view name;
  Protocol protocol{};
  PortScope scope{};
};

/// Adds a mapping from each outer port to its inner port, up to the limit of an instance; without
/// outer ports, adds the inner ones alone. There is either one inner port for all, or one for each.
Read<void> add_pairs(const Common& common, std::span<const PortRange> outer,
                     std::span<const PortRange> inner, std::vector<PortMapping>& ports) {
  const bool publishes = common.scope == PortScope::published;
  const std::size_t count = count_of(publishes ? outer : inner);
  const std::size_t behind = count_of(inner);
  const bool shared = behind == 1;
  if (publishes && !shared && behind != count) {
    return std::unexpected(fmt::format(
        "the numbers of ports differ, {} and {}: all may lead to one, or each to its own", count,
        behind));
  }
  Cursor from(publishes ? outer : inner);
  Cursor to(inner);
  const std::size_t room = budget::instance_ports - std::min(budget::instance_ports, ports.size());
  for (std::size_t left = std::min(room, count); left > 0; --left) {
    const std::string_view ip = common.ip.empty() ? std::string_view(from.ip()) : common.ip;
    ports.push_back({.host_ip = std::string(publishes ? ip : std::string_view()),
                     .host_port = publishes ? from.port() : std::uint16_t{0},
                     .container_port = to.port(),
                     .protocol = common.protocol,
                     .name = std::string(common.name),
                     .scope = common.scope});
    from.step();
    if (!publishes || !shared) to.step();
  }
  if (count <= room) return {};
  return std::unexpected(fmt::format("{} of its {} ports are left out: an instance may have {}",
                                     count - room, count, budget::instance_ports));
}

std::string unclear(const ProxyDevice& device, std::string_view why) {
  return fmt::format("\"{}\" to \"{}\" cannot be understood: {}", quotation(device.listen),
                     quotation(device.connect), why);
}

/// Adds the ports of a device. Returns an error if it cannot be parsed or some ports were left out.
Read<void> add_device(const ProxyDevice& device, std::vector<PortMapping>& ports) {
  // The engine's older words for it predate its virtual machines.
  const bool inside =
      device.bind == "instance" || device.bind == "container" || device.bind == "guest";
  const auto listen = side_in(device.listen, Way::listens);
  if (!listen) return std::unexpected(unclear(device, "listen: " + listen.error()));
  const auto connect = side_in(device.connect, Way::connects);
  if (!connect) return std::unexpected(unclear(device, "connect: " + connect.error()));
  const Side& within = inside ? *listen : *connect;
  const bool publishes = !inside && !listen->unix_socket;
  const Common common{.ip = {},
                      .name = device.name,
                      .protocol = publishes ? listen->protocol : within.protocol,
                      .scope = publishes ? PortScope::published : PortScope::internal};
  const Ranges no_port(1);
  const bool to_socket = publishes && connect->unix_socket;
  const Ranges& inner = to_socket ? no_port : within.ranges;
  return add_pairs(common, listen->ranges, inner, ports);
}

}  // namespace

void add_ports(const ProxyDevice& device, std::vector<PortMapping>& ports,
               std::vector<Problem>& problems) {
  auto added = add_device(device, ports);
  if (added) return;
  problems.push_back({.where = fmt::format("devices.{}", quotation(device.name)),
                      .what = std::move(added.error())});
}

ForwardedPorts forwarded_by(const ForwardRow& row, std::string_view listen_address) {
  const auto listen = canonical_address(listen_address);
  const auto target = canonical_address(row.target_address);
  const auto protocol = protocol_of(row.protocol);
  auto outer = ranges_in(row.listen_port);
  auto inner = row.target_port.empty() ? outer : ranges_in(row.target_port);
  ForwardedPorts found{
      .target = target ? target->ip : std::string(row.target_address),
      .listen = listen ? listen->ip : std::string(listen_address),
  };
  if (!listen) found.wrong = fmt::format("\"{}\" is no address", quotation(listen_address));
  if (!protocol)
    found.wrong = fmt::format("\"{}\" is neither tcp nor udp", quotation(row.protocol));
  if (!inner) found.wrong = "target_port: " + inner.error();
  if (!outer) found.wrong = "listen_port: " + outer.error();
  if (!found.wrong.empty()) return found;
  found.protocol = *protocol;
  found.outer = std::move(*outer);
  found.inner = std::move(*inner);
  return found;
}

void add_ports(const ForwardedPorts& row, std::vector<PortMapping>& ports,
               std::vector<Problem>& problems) {
  std::string wrong = row.wrong;
  if (wrong.empty()) {
    const Common common{
        .ip = row.listen, .name = {}, .protocol = row.protocol, .scope = PortScope::published};
    auto added = add_pairs(common, row.outer, row.inner, ports);
    if (!added) wrong = std::move(added.error());
  }
  if (wrong.empty()) return;
  problems.push_back(
      {.where = fmt::format("forward {}", quotation(row.listen)), .what = std::move(wrong)});
}

}  // namespace rollcall::incus
