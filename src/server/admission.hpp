// Who may ask: the token, the Host header, and pages of others. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/options.hpp"
#include "server/reply.hpp"
#include "server/request.hpp"

namespace rollcall::server {

/// Who asks.
struct Client {
  enum class Door : std::uint8_t {
    unix_socket,  ///< Its mode has decided already.
    tcp,
  };
  Door door = Door::tcp;
  std::string address{};  ///< Of TCP.
};

/// Whether the request says who may use it, and came by the name that the server has.
///
/// A page of somebody else can send a browser to 127.0.0.1, under a name of its own ("DNS
/// rebinding") or under ours: the first is known by its Host, the second by its Origin.
///
/// `open`: what is asked for is told to everybody, so the token is not looked at.
///
/// Returns the answer if not: 400, 401, 403 or 421.
[[nodiscard]] std::optional<Reply> refuse(const Request& request, const Client& client, bool open,
                                          const ServerOptions& options);

/// The host of an authority: of "host:port", "[::1]:port" or "host"; empty if it is none of these.
[[nodiscard]] std::string_view host_in(std::string_view authority);

/// Compares in a time that does not depend on where they differ.
[[nodiscard]] bool same_secret(std::string_view a, std::string_view b);

}  // namespace rollcall::server
