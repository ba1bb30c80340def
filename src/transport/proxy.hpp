// Connections by way of a proxy that speaks HTTP CONNECT.
#pragma once

#include <string>
#include <string_view>

#include "transport/stream.hpp"

namespace rollcall {

struct ProxyEndpoint {
  Endpoint endpoint;            ///< TCP or TLS.
  std::string authorization{};  ///< What Proxy-Authorization says; a secret, may be empty.

  friend bool operator==(const ProxyEndpoint&, const ProxyEndpoint&) = default;
};

/// Understands http://[user[:password]@]host[:port] and https://….
///
/// Errors: invalid_config, which does not tell the password; also for proxies of another kind.
Result<ProxyEndpoint> parse_proxy(std::string_view url);

/// Asks the proxy for a connection to the endpoint, TCP or TLS, and speaks TLS with it through
/// that. `deadline` holds for each step of it.
///
/// Errors: those of connect_stream, of the proxy and of the endpoint; auth, if the proxy wants a
/// password or another one; unreachable, with its own words, if it does not connect us.
[[nodiscard]] Task<StreamPtr> connect_through(ProxyEndpoint proxy, Endpoint endpoint,
                                              Milliseconds deadline);

}  // namespace rollcall
