// Refusals of an API server: maps each status to one error of the contract.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <rollcall/error.hpp>
#include <rollcall/instance.hpp>

namespace rollcall::kubernetes {

struct ApiFault {
  unsigned status = 0;           ///< Of HTTP; of an ERROR event its `code`.
  std::string reason{};          ///< "Expired", "Forbidden", …; empty if it does not say.
  std::string message{};         ///< The server's own words, safe to print.
  std::string continue_token{};  ///< Of a list that expired on its way: where to go on.
  std::optional<std::chrono::seconds> retry_after{};  ///< Not before; at most `max_retry_after`.
  RuntimeError error{};

  /// Whether the resourceVersion or the continue token is too old, so that a new list is needed.
  [[nodiscard]] bool expired() const noexcept { return status == 410; }

  /// Whether the server does not have the resourceVersion yet: its cache is behind, its store was
  /// restored from a backup, or the cluster was recreated ("Too large resource version").
  [[nodiscard]] bool is_ahead() const noexcept { return status == 504; }
};

inline constexpr std::chrono::seconds max_retry_after = std::chrono::minutes(5);

/// The access that a request needs, in the terms of RBAC.
struct Asked {
  std::string verb{};        ///< "list", "watch", "get", "create"; empty: no resource.
  std::string group{};       ///< Of the API: "", "discovery.k8s.io".
  std::string resource{};    ///< "pods"; empty: a path such as /version.
  std::string name_space{};  ///< Empty: the whole cluster.

  friend bool operator==(const Asked&, const Asked&) = default;
};

/// Derives it from the target of a request, without the path of the server's URL.
Asked asked_by(std::string_view target, bool post = false);

/// The circumstances of a refusal, for its explanation.
struct FaultContext {
  std::string url{};     ///< The server.
  std::string target{};  ///< Of the request; empty: an ERROR event of a watch of `asked`.
  Asked asked{};
  std::string who{};  ///< "the user admin (token)": for 401.
  Timestamp now{};
};

/// Reads an answer that is not 2xx. `retry_after`: the header, in seconds or as a date. The body is
/// a Status, or any other text.
ApiFault read_fault(unsigned status, std::string_view retry_after, std::string_view body,
                    const FaultContext& context);

/// Reads the Status of an ERROR event, as JSON.
ApiFault read_status(std::string_view json, const FaultContext& context);

}  // namespace rollcall::kubernetes
