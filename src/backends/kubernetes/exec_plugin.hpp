// Credentials of a program: client.authentication.k8s.io, versions v1 and v1beta1.
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

/// What a plugin gave.
struct ExecCredential {
  std::string token{};
  Pem certificate{};
  Pem key{};
  std::optional<Timestamp> expires{};  ///< Absent: it is good until the server says otherwise.

  friend bool operator==(const ExecCredential&, const ExecCredential&) = default;
};

/// How long a plugin may take: it may have to ask somebody far away.
inline constexpr Milliseconds plugin_deadline = std::chrono::seconds(30);

/// What KUBERNETES_EXEC_INFO says to it.
std::string exec_info(const ExecPlugin& plugin);

/// Understands what it wrote.
///
/// Errors: auth, without what may be a secret.
Result<ExecCredential> read_exec_credential(std::string_view json, const ExecPlugin& plugin);

/// Runs it, without a terminal.
///
/// Errors: auth, which says how it failed, with its own words, and where to get it if it is not
/// there.
[[nodiscard]] Task<ExecCredential> run_plugin(ExecPlugin plugin,
                                              Milliseconds deadline = plugin_deadline);

}  // namespace rollcall::kubernetes
