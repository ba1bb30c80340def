// Connections through a proxy that speaks HTTP CONNECT.
#pragma once

#include <string>
#include <string_view>

#include "transport/stream.hpp"

namespace rollcall {

struct ProxyEndpoint {
  Endpoint endpoint;            ///< TCP or TLS.
  std::string authorization{};  ///< The value of Proxy-Authorization, a secret; may be empty.

  friend bool operator==(const ProxyEndpoint&, const ProxyEndpoint&) = default;
};

/// Parses http://[user[:password]@]host[:port] and https://….
///
/// Errors: invalid_config, which does not repeat the password; also for other kinds of proxy.
Result<ProxyEndpoint> parse_proxy(std::string_view url);

/// Connects to the endpoint through the proxy, and speaks TLS with the endpoint if its URL says so.
/// `deadline` holds for each step.
///
/// Errors: those of connect_stream, for the proxy and for the endpoint; auth, if the proxy wants a
/// password or another one; unreachable, with the proxy's own words, if it does not connect us.
[[nodiscard]] Task<StreamPtr> connect_through(ProxyEndpoint proxy, Endpoint endpoint,
                                              Milliseconds deadline);

}  // namespace rollcall
