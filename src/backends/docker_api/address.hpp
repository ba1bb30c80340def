// The address of an API: an endpoint and, behind a proxy, the path under which it is served.
#pragma once

#include <string>
#include <string_view>

#include <rollcall/result.hpp>

#include "transport/endpoint.hpp"

namespace rollcall::docker_api {

/// The ports that engines listen on without TLS and with it.
inline constexpr DefaultPorts default_ports{.plain = 2375, .tls = 2376};

struct Address {
  Endpoint endpoint;
  std::string path{};  ///< Prefix of the path of each request: "/docker"; mostly empty.

  /// The canonical URL: "tcp://host:2375/docker".
  [[nodiscard]] std::string url() const { return endpoint.url() + path; }

  friend bool operator==(const Address&, const Address&) = default;
};

/// Parses the same as parse_endpoint(), and for TCP and TLS also a path after the host.
///
/// Errors: invalid_config.
Result<Address> parse_address(std::string_view url);

}  // namespace rollcall::docker_api
