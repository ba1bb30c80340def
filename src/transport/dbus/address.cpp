#include "transport/dbus/address.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <sys/un.h>

namespace rollcall {
namespace {

constexpr std::size_t max_path = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::array<std::string_view, 5> keys_of_places = {"path", "abstract", "host", "port",
                                                            "dir"};

/// The addresses, reduced to the keys that say where the bus is: all others are left out.
std::string shown(std::string_view address) {
  if (address.starts_with('/') || address.starts_with("unix:/")) return std::string(address);
  std::string text;
  while (!address.empty()) {
    const std::string_view one = address.substr(0, address.find(';'));
    address.remove_prefix(std::min(one.size() + 1, address.size()));
    const std::size_t colon = std::min(one.find(':'), one.size());
    std::string places;
    for (std::string_view keys = one.substr(std::min(colon + 1, one.size())); !keys.empty();) {
      const std::string_view pair = keys.substr(0, keys.find(','));
      keys.remove_prefix(std::min(pair.size() + 1, keys.size()));
      const std::string_view key = pair.substr(0, pair.find('='));
      const bool tells = std::ranges::find(keys_of_places, key) != keys_of_places.end();
      if (tells) places += fmt::format("{}{}", places.empty() ? "" : ",", pair);
    }
    text += fmt::format("{}{}:{}", text.empty() ? "" : ";", one.substr(0, colon), places);
  }
  return text;
}

std::unexpected<RuntimeError> invalid(std::string_view address, std::string what) {
  return fail({.kind = ErrorKind::invalid_config,
               .endpoint = shown(address),
               .what = std::move(what),
               .remedy = "write unix:path=/run/dbus/system_bus_socket, or the path alone"});
}

/// D-Bus writes bytes that mean something in an address as %2f.
std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned byte = 0;
    const auto* const first = text.data() + i + 1;
    if (text.size() - i < 3) return std::nullopt;
    const auto [end, error] = std::from_chars(first, first + 2, byte, 16);
    if (error != std::errc() || end != first + 2 || byte == 0) return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

Result<Endpoint> socket_at(std::string_view address, std::string path) {
  if (path.size() > max_path) {
    return invalid(address,
                   fmt::format("the path of a Unix socket may have {} bytes, this one has {}",
                               max_path, path.size()));
  }
  return Endpoint{.scheme = Endpoint::Scheme::unix_socket, .path = std::move(path), .host = {}};
}

/// "path=/run/bus,guid=…": the keys of one address of a Unix socket.
Result<Endpoint> parse_keys(std::string_view address, std::string_view keys) {
  while (!keys.empty()) {
    const std::string_view pair = keys.substr(0, keys.find(','));
    keys.remove_prefix(std::min(pair.size() + 1, keys.size()));
    const std::size_t equals = pair.find('=');
    const std::string_view key = pair.substr(0, equals);
    if (equals == std::string_view::npos || (key != "path" && key != "abstract")) continue;
    auto value = unescape(pair.substr(equals + 1));
    if (!value) return invalid(address, "a % in it is not followed by two hexadecimal digits");
    if (value->empty()) return invalid(address, "the path is missing");
    if (key == "abstract") return socket_at(address, "@" + *value);
    if (value->front() != '/') return invalid(address, "the path must be absolute");
    return socket_at(address, std::move(*value));
  }
  return invalid(address, "it names neither path= nor abstract=");
}

}  // namespace

Result<Endpoint> parse_dbus_address(std::string_view address) {
  constexpr std::string_view url = "unix://";
  constexpr std::string_view unix_socket = "unix:";
  if (address.starts_with("unix://@")) {
    return socket_at(address, std::string(address.substr(url.size())));
  }
  if (address.starts_with('/') || address.starts_with("unix:/")) {
    return parse_endpoint(address, 0);
  }
  std::string_view rest = address;
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    if (one.starts_with(unix_socket)) return parse_keys(address, one.substr(unix_socket.size()));
  }
  return invalid(address, "this is not the address of a bus on a Unix socket");
}

}  // namespace rollcall
