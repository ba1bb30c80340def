// What can go wrong, in one sentence for a person and one enumerator for a program.
#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

namespace rollcall {

/// What a caller, or a backend's own recovery, must do about an error.
enum class ErrorKind : std::uint8_t {
  unavailable,     ///< Not there now: try again later.
  denied,          ///< The engine refuses access: retry rarely, it may be granted later.
  desynced,        ///< The stream can no longer be trusted: list again.
  protocol,        ///< The engine said something that its API does not allow: drop the session.
  invalid_config,  ///< Only a change of the configuration can help: never retried.
  busy,            ///< A second watch of one backend at the same time.
};

/// Why a connection could not be made, as precisely as the system tells.
enum class ConnectFault : std::uint8_t {
  none,          ///< The error is not about connecting.
  missing,       ///< There is no such socket.
  denied,        ///< The system or the engine forbids it.
  refused,       ///< The socket exists, but nothing listens on it.
  unreachable,   ///< No route, no such host, or the connection was cut.
  mute,          ///< It accepts connections and does not answer.
  tls,           ///< The secure channel could not be made.
  auth,          ///< The engine does not accept our credentials.
  not_this_api,  ///< Something answers, but it is not the API that was looked for.
};

/// One sentence for a person, one enumerator for a program, and what to do next.
struct RuntimeError {
  ErrorKind kind = ErrorKind::unavailable;
  ConnectFault fault = ConnectFault::none;
  std::string endpoint{};  ///< Where it happened; empty if it is not about an endpoint.
  std::string what{};      ///< What went wrong, without a full stop.
  std::string remedy{};    ///< What to do about it; may be empty.
  /// The engine asks for no retry before this delay; zero: it did not ask.
  std::chrono::seconds retry_after{};

  /// "unix:///run/x.sock: permission denied; add yourself to the group docker".
  [[nodiscard]] std::string describe() const;

  friend bool operator==(const RuntimeError&, const RuntimeError&) = default;
};

std::string_view to_string(ErrorKind kind) noexcept;
std::string_view to_string(ConnectFault fault) noexcept;
std::ostream& operator<<(std::ostream& out, const RuntimeError& error);

}  // namespace rollcall
