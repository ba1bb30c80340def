// The five events: what changed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include <rollcall/instance.hpp>

namespace rollcall {

/// How an event came to be known.
enum class Cause : std::uint8_t {
  initial,  ///< It was there when the first watch began.
  live,     ///< The engine said so.
  resync,   ///< Found by comparing lists, after a disconnect or in the periodic check.
};

/// New, or an existing one started.
struct Started {
  InstancePtr instance;
  Cause cause = Cause::live;
};

/// Metadata, addresses, ports, health or state changed.
struct Updated {
  InstancePtr instance;
  Cause cause = Cause::live;
};

/// Stopped or destroyed.
struct Stopped {
  std::string id;
  std::string name;
  InstancePtr last;  ///< The instance as last reported; never null.
  Cause cause = Cause::live;
};

/// The engine cannot be watched for now. Its instances are stale, not stopped.
struct BackendDisconnected {
  std::string backend;   ///< "docker", …; "auto" until the automatic backend has found an engine.
  std::string endpoint;  ///< As in InstanceKey; empty until it is known.
  std::string reason;
};

/// Connected and reconciled again: all differences were sent before this.
struct BackendReconnected {
  std::string backend;   ///< Both as in the BackendDisconnected that this ends,
  std::string endpoint;  ///< even if the real values are known by now.
};

using RuntimeEvent =
    std::variant<Started, Updated, Stopped, BackendDisconnected, BackendReconnected>;

/// The key of the instance that the event is about; null for an event of the backend.
const InstanceKey* key_of(const RuntimeEvent& event) noexcept;

std::string_view to_string(Cause cause) noexcept;

/// "started", "updated", "stopped", "backend_disconnected", "backend_reconnected".
std::string_view type_of(const RuntimeEvent& event) noexcept;

}  // namespace rollcall
