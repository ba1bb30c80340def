// Decides which engines a command asks.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/config.hpp>

#include "assembly/registry.hpp"

namespace rollcall::cli {

/// An engine that the user pointed at.
struct NamedEndpoint {
  RuntimeBackendKind kind{};
  std::string url;
  std::string alias{};              ///< What keys say instead of the URL; empty: the URL.
  std::optional<TlsOptions> tls{};  ///< Absent: the runtime's own rules.
};

/// --runtime and --endpoint, parsed.
struct Selection {
  bool all = true;                        ///< All runtimes that answer; a failing one is no error.
  std::vector<RuntimeBackendKind> kinds;  ///< Those that were named.
  std::vector<NamedEndpoint> endpoints;

  /// Runtimes are kinds or "all"; endpoints are [KIND=]URL, without a kind of the one runtime that
  /// is named. Errors: a sentence for the user.
  static std::expected<Selection, std::string> parse(std::span<const std::string> runtimes,
                                                     std::span<const std::string> endpoints);

  /// Names a runtime that another option implies; if all are selected, it counts as named.
  void name(RuntimeBackendKind kind);
};

/// One engine to ask, and thereby one backend to make.
struct Target {
  RuntimeBackendKind kind{};
  Place place;         ///< An empty URL leaves the choice of the place to the backend.
  bool named = false;  ///< By the user: failing to reach it is an error.
  std::size_t request =
      0;                ///< Targets of one request are alternatives: one that answers is enough.
  std::string alias{};  ///< The alias of the named endpoint.
  std::optional<TlsOptions> tls{};  ///< TLS of the named endpoint.
};

/// All engines that may be there, each once: two paths to one socket are one engine.
std::vector<Target> targets_to_list(const Selection& selection, const BackendOptions& options);

/// The engines to wait for: those that exist now, and one target of its own for each runtime
/// without any.
std::vector<Target> targets_to_watch(const Selection& selection, const BackendOptions& options);

/// The options for the backend of a target.
BackendOptions options_for(const Target& target, BackendOptions options);

/// "docker", or "docker at unix:///run/docker.sock".
std::string describe(const Target& target);

}  // namespace rollcall::cli
