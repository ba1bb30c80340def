// The proxy that the environment names, as client-go and curl find it.
#pragma once

#include <optional>

#include <rollcall/config.hpp>
#include <rollcall/result.hpp>

#include "backends/kubernetes/access.hpp"

namespace rollcall::kubernetes {

/// HTTPS_PROXY for a server with TLS, HTTP_PROXY for one without, or the same in small letters;
/// none for this host, and for what NO_PROXY names: "*", addresses, networks as 10.0.0.0/8, and
/// names, of which "example.com" stands for all below it, too, and ".example.com" for them alone;
/// each may have a port.
///
/// Errors: invalid_config, for a variable that names no proxy; its password is not told.
[[nodiscard]] Result<std::optional<ProxyEndpoint>> environment_proxy(const Access& access,
                                                                     const BackendOptions& options);

}  // namespace rollcall::kubernetes
