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
    inet_ntop(family, bytes.data(), out.data(), out.size());
    return Address{.ip = out.data(),
                   .network = {},
                   .family = family == AF_INET ? AddressFamily::ipv4 : AddressFamily::ipv6};
  }
  return std::nullopt;
}

}  // namespace rollcall
