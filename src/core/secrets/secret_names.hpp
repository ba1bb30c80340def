// Whether a name says that its value is secret: "DB_PASSWORD", "apiToken", "--client-secret",
// "tls.key". Pure; a heuristic that docs/secrets.md describes.
#pragma once

#include <cstdint>
#include <string_view>

namespace rollcall {

/// How much a name says of its value.
enum class Secrecy : std::uint8_t {
  none,
  if_plausible,  ///< A secret, if it looks like one: of "session", "pin" or "auth".
  unless_path,   ///< A secret, unless it is the path of a file: of "tls.key".
  sure,          ///< A secret: of "password".
};

/// Of an option, a variable, a field of JSON or a parameter.
Secrecy secrecy_of(std::string_view name);

/// Of a parameter of a URL, where also "key", "sig" and the like give access.
Secrecy secrecy_of_parameter(std::string_view name);

/// Of the key of a label: what its owner chose in it, as the name of a router, says nothing.
Secrecy secrecy_of_label(std::string_view key);

/// Whether a value is a secret, given the secrecy of its name. Empty values, booleans and
/// references such as "${DB_PASSWORD}" are not.
bool is_secret(Secrecy secrecy, std::string_view value);

/// Whether the name is that of a link in which a secret may stand: "webhook".
bool names_link(std::string_view name);

}  // namespace rollcall
