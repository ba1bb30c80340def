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

#include "assembly/engine_choice.hpp"

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

  /// Names the runtimes that their own options imply; if all are selected, they count as named.
  void name_by_options(const RuntimeOptions& options);
};

/// One engine to ask, and thereby one backend to make.
struct SelectedEngine {
  EngineChoice choice;
  bool named = false;       ///< By the user: failing to reach it is an error.
  std::size_t request = 0;  ///< Engines of one request are alternatives: one answer is enough.

  /// Where it is; empty if the backend looks for it.
  [[nodiscard]] const std::string& url() const noexcept {
    return choice.place ? choice.place->url : choice.options.endpoint;
  }
};

/// All engines that may be there, each once: two paths to one socket are one engine.
std::vector<SelectedEngine> engines_to_list(const Selection& selection,
                                            const BackendOptions& options);

/// The engines to wait for: those that exist now, and for each runtime without any one that its
/// backend looks for.
std::vector<SelectedEngine> engines_to_watch(const Selection& selection,
                                             const BackendOptions& options);

}  // namespace rollcall::cli
