// Credential plugins: client.authentication.k8s.io, versions v1 and v1beta1.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <rollcall/instance.hpp>
#include <rollcall/task.hpp>
#include <rollcall/tls.hpp>

#include "backends/kubernetes/access.hpp"
#include "transport/stream.hpp"

namespace rollcall::kubernetes {

/// The output of a plugin.
struct ExecCredential {
  std::string token{};
  Pem certificate{};
  Pem key{};
  std::optional<Timestamp> expires{};  ///< Absent: it is good until the server says otherwise.

  friend bool operator==(const ExecCredential&, const ExecCredential&) = default;
};

/// How long a plugin may take: it may have to contact a remote service.
inline constexpr Milliseconds plugin_deadline = std::chrono::seconds(30);

/// The value of KUBERNETES_EXEC_INFO.
std::string exec_info(const ExecPlugin& plugin);

/// Parses a plugin's output.
///
/// Errors: auth, without any part that may be secret.
Result<ExecCredential> read_exec_credential(std::string_view json, const ExecPlugin& plugin);

/// Runs a plugin without a terminal.
///
/// Errors: auth, with the reason and the plugin's own words; if it is not installed, with its
/// install hint.
[[nodiscard]] Task<ExecCredential> run_plugin(ExecPlugin plugin,
                                              Milliseconds deadline = plugin_deadline);

}  // namespace rollcall::kubernetes
