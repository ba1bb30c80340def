#include "core/addresses.hpp"

#include <array>
#include <string>

#include <arpa/inet.h>

namespace rollcall {

std::optional<Address> canonical_address(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN || text.contains('\0')) return std::nullopt;
  const std::string input(text);
  for (const int family : {AF_INET, AF_INET6}) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    std::array<char, INET6_ADDRSTRLEN> out{};
    if (inet_pton(family, input.c_str(), bytes.data()) != 1) continue;
    // There is one way to write an IPv4 address.
    if (family == AF_INET) {
      return Address{.ip = input, .network = {}, .family = AddressFamily::ipv4};
    }
    inet_ntop(family, bytes.data(), out.data(), out.size());
    return Address{.ip = out.data(), .network = {}, .family = AddressFamily::ipv6};
  }
  return std::nullopt;
}

}  // namespace rollcall
