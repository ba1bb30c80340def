// Whether an instance would be registered elsewhere, and why or why not. docs/services.md lists the
// codes. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>

#include "core/reach/services.hpp"

namespace rollcall {

/// What speaks against a registration, or limits its use.
enum class RegistrationReason : std::uint8_t {
  // These keep it out.
  disabled,        ///< enable is false.
  one_off,         ///< A container of `compose run`.
  not_running,     ///< It is stopped, paused, restarting, or in a state that is not known.
  unhealthy,       ///< Its health check fails.
  starting,        ///< Its health check has not succeeded yet.
  no_network,      ///< It has no network.
  no_ports,        ///< No runtime and no label tells a port.
  ports_disabled,  ///< Labels switch all of its ports off.
  no_address,      ///< From nowhere does a client find one of its ports.
  // It is registered all the same.
  loopback_only,   ///< Clients on its own host alone reach it.
  not_published,   ///< Clients in its networks alone reach it.
  not_announced,   ///< announce is false: it is left out of mDNS.
  labels_unclear,  ///< Some labels could not be understood.
};

/// The code that docs/services.md lists.
std::string_view to_string(RegistrationReason reason) noexcept;

/// Whether this reason keeps an instance out.
bool keeps_out(RegistrationReason reason) noexcept;

struct RegistrationNote {
  RegistrationReason reason{};
  std::string text;  ///< A sentence.

  friend bool operator==(const RegistrationNote&, const RegistrationNote&) = default;
};

struct Registration {
  bool registered = false;              ///< Nothing keeps it out.
  std::vector<RegistrationNote> notes;  ///< In the order of the codes.
};

/// Whether it is a container of `docker compose run`. It has the labels of a service, but is none
/// of its replicas: nothing may be sent to it.
bool is_one_off(const Instance& instance);
bool is_one_off(const Labels& labels);

/// `services`: those of the instance, by derive_services.
Registration registration_of(const Instance& instance, const std::vector<Service>& services);

}  // namespace rollcall
