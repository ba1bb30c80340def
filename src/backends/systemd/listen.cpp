#include "backends/systemd/listen.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/ip/address.hpp>

#include "core/deduplicate.hpp"
#include "core/text/numbers.hpp"

namespace rollcall::systemd {
namespace {

std::optional<Protocol> protocol_of(std::string_view type) {
  if (type == "Stream") return Protocol::tcp;
  if (type == "Datagram") return Protocol::udp;
  return std::nullopt;  // SOCK_SEQPACKET exists for Unix sockets only
}

/// Parses "127.0.0.1:80", "[::]:80", "[fe80::1%eth0]:80".
std::optional<PortMapping> port_of(const ListenEntry& entry) {
  const auto protocol = protocol_of(entry.type);
  const std::string_view address = entry.address;
  const std::size_t colon = address.rfind(':');
  if (!protocol || colon == std::string_view::npos) return std::nullopt;
  std::string_view host = address.substr(0, colon);
  const bool v6 = host.starts_with('[') && host.ends_with(']');
  if (v6) host = host.substr(1, host.size() - 2);
  host = host.substr(0, host.find('%'));
  boost::system::error_code error;
  const auto ip = boost::asio::ip::make_address(host, error);
  const auto port = whole_number<std::uint16_t>(address.substr(colon + 1)).value_or(0);
  if (error || ip.is_v6() != v6 || port == 0) return std::nullopt;
  return PortMapping{.host_ip = ip.to_string(),
                     .host_port = port,
                     .container_port = port,
                     .protocol = *protocol,
                     .name = "",
                     .scope = PortScope::host};
}

}  // namespace

std::vector<PortMapping> ports_of(std::span<const ListenEntry> entries) {
  std::vector<PortMapping> ports;
  for (const ListenEntry& entry : entries) {
    if (auto port = port_of(entry)) ports.push_back(std::move(*port));
  }
  sort_and_deduplicate(ports);
  return ports;
}

}  // namespace rollcall::systemd
