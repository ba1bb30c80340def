// A resolved kubeconfig or service account: where the server is, and how we authenticate.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "backends/place.hpp"
#include "transport/endpoint.hpp"
#include "transport/http/client.hpp"
#include "transport/http/proxy.hpp"

namespace rollcall::kubernetes {

/// No token; perhaps a client certificate.
struct NoCredential {
  friend bool operator==(const NoCredential&, const NoCredential&) = default;
};

struct BearerToken {
  std::string token;

  friend bool operator==(const BearerToken&, const BearerToken&) = default;
};

/// Read again each minute, and at once when the server rejects the token.
struct TokenFile {
  std::string path;
  std::string otherwise{};  ///< The token that counts while the file cannot be read; may be empty.

  friend bool operator==(const TokenFile&, const TokenFile&) = default;
};

/// A credential plugin (client.authentication.k8s.io).
struct ExecPlugin {
  std::string command;  ///< A path, or a name for PATH.
  std::vector<std::string> arguments{};
  std::vector<std::pair<std::string, std::string>> variables{};
  std::string api_version{};   ///< "client.authentication.k8s.io/v1"
  std::string install_hint{};  ///< What its author says to those who lack it.
  bool wants_terminal = false;
  std::string cluster_info{};  ///< JSON of spec.cluster; empty: it is not told.

  friend bool operator==(const ExecPlugin&, const ExecPlugin&) = default;
};

using CredentialSource = std::variant<NoCredential, BearerToken, TokenFile, ExecPlugin>;

struct Access {
  Endpoint endpoint;                ///< With its TLS settings.
  std::string url_path{};           ///< The path of a server URL that has one, without a final '/'.
  std::string default_namespace{};  ///< Of the context; empty: none is said.
  CredentialSource credentials{};
  std::vector<HttpHeader> impersonation{};  ///< Impersonate-User and others.
  std::optional<ProxyEndpoint> proxy{};
  std::string user{};    ///< The user entry; empty: none.
  std::string origin{};  ///< "KUBECONFIG /x/config, context prod, the user admin (token)"

  /// The server: "https://host:6443/k8s/clusters/c-1".
  [[nodiscard]] std::string url() const { return endpoint.url() + url_path; }
  /// Whether the connection stays on this host.
  [[nodiscard]] bool local() const;

  friend bool operator==(const Access&, const Access&) = default;
};

/// Access to a server without credentials: http:// or https://, also with a path, or unix://.
///
/// Errors: invalid_config.
Result<Access> access_at(std::string_view url);

/// The access that belongs to a place; null for a place that places() has not made.
const Access* access_of(const Place& place);

/// Resolves the access of such a place again, from the current files and variables.
using FindAccess = std::function<Result<Access>()>;
FindAccess access_finder_of(const Place& place);

}  // namespace rollcall::kubernetes
