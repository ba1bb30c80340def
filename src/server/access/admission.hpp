// Access control: the token, the Host header, and foreign pages. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/http/reply.hpp"
#include "server/http/request.hpp"
#include "server/options.hpp"

namespace rollcall::server {

/// The client of a connection.
struct Client {
  enum class Door : std::uint8_t {
    unix_socket,  ///< The mode of its file decides who may connect.
    tcp,
    abstract_socket,  ///< A Unix socket without a file, and so without a mode.
  };
  Door door = Door::tcp;
  std::string address{};  ///< The peer's IP address, for TCP.
  /// The client uses a Unix socket with a mode, or has shown the token. Trusted clients have limits
  /// of their own, which others cannot use up.
  bool trusted = false;
  /// Matters if there is no token: the client is not known to be a local user whom the daemon's
  /// Unix socket would admit.
  bool stranger = false;
};

/// The properties of a route that decide who may use it.
struct Asked {
  bool open = false;  ///< Open to everybody: the token is not checked.
  bool page = false;  ///< An HTML page: links on foreign pages may lead there.
};

/// Checks the token, and that the request used a name of this server.
///
/// A foreign page can send a browser to 127.0.0.1, under a name of its own ("DNS rebinding") or
/// under ours. The Host header reveals the first, Origin or Sec-Fetch-Site the second.
///
/// Returns the refusal: 400, 401, 403 or 421; nothing if the request is allowed.
[[nodiscard]] std::optional<Reply> refuse(const Request& request, const Client& client, Asked asked,
                                          const ServerOptions& options);

/// Whether the client is trusted: it uses a Unix socket with a mode, or shows the right token.
[[nodiscard]] bool is_trusted(const Request& request, const Client& client,
                              const ServerOptions& options);

/// The host of an authority: of "host:port", "[::1]:port" or "host"; empty if it is none of these.
[[nodiscard]] std::string_view host_in(std::string_view authority);

/// Compares in a time that does not depend on where they differ.
[[nodiscard]] bool same_secret(std::string_view a, std::string_view b);

}  // namespace rollcall::server
