#include "backends/kubernetes/access.hpp"

#include <string_view>

namespace rollcall::kubernetes {

bool Access::local() const noexcept {
  if (proxy) return false;
  if (endpoint.scheme == Endpoint::Scheme::unix_socket) return true;
  const std::string_view host = endpoint.host;
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

}  // namespace rollcall::kubernetes
