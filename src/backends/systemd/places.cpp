#include "backends/systemd/places.hpp"

#include <string>
#include <utility>

#include <fmt/format.h>
#include <rollcall/options/systemd.hpp>

#include "transport/dbus/address.hpp"

namespace rollcall::systemd {
namespace {

constexpr std::string_view system_bus = "/run/dbus/system_bus_socket";

Result<std::vector<Place>> only(std::string_view address, std::string source) {
  auto endpoint = parse_dbus_address(address);
  if (!endpoint) {
    RuntimeError error = std::move(endpoint.error());
    error.what = fmt::format("{} (from {})", error.what, source);
    return fail(std::move(error));
  }
  return std::vector<Place>{{endpoint->url(), std::move(source)}};
}

/// The value of a variable; empty if it is not set.
std::string variable(const BackendOptions& options, std::string_view name) {
  return options.getenv(name).value_or("");
}

}  // namespace

Result<std::vector<Place>> places(const BackendOptions& options) {
  if (!options.endpoint.empty()) return only(options.endpoint, "--endpoint");
  if (!options.of<SystemdOptions>().user_manager) {
    const std::string address = variable(options, "DBUS_SYSTEM_BUS_ADDRESS");
    if (!address.empty()) return only(address, "DBUS_SYSTEM_BUS_ADDRESS");
    auto usual = only(system_bus, "system bus");
    for (Place& place : *usual) place.usual = true;
    return usual;
  }
  const std::string address = variable(options, "DBUS_SESSION_BUS_ADDRESS");
  if (!address.empty()) return only(address, "DBUS_SESSION_BUS_ADDRESS");
  const std::string runtime = variable(options, "XDG_RUNTIME_DIR");
  if (!runtime.empty()) return only(runtime + "/bus", "XDG_RUNTIME_DIR");
  return fail({.kind = ErrorKind::invalid_config,
               .what = "where the bus of the user is cannot be told",
               .remedy = "set XDG_RUNTIME_DIR or DBUS_SESSION_BUS_ADDRESS: `sudo` and `su` do not "
                         "carry them over"});
}

}  // namespace rollcall::systemd
