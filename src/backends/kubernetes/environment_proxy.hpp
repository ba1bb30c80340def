// Finds the proxy in the environment, as client-go and curl do.
#pragma once

#include <optional>

#include <rollcall/config.hpp>
#include <rollcall/result.hpp>

#include "backends/kubernetes/access.hpp"

namespace rollcall::kubernetes {

/// HTTPS_PROXY for a server with TLS, HTTP_PROXY for one without, or the same in lower case. None
/// for this host, and for servers that NO_PROXY names: "*", addresses, networks such as 10.0.0.0/8,
/// and names; "example.com" includes its subdomains, ".example.com" means these only. Each may have
/// a port.
///
/// Errors: invalid_config, for a value that is no proxy; it does not repeat the password.
[[nodiscard]] Result<std::optional<ProxyEndpoint>> environment_proxy(const Access& access,
                                                                     const BackendOptions& options);

}  // namespace rollcall::kubernetes
