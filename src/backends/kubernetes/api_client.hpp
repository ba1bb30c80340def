// The requests of one API server: who we are is shown with each, and renewed when it runs out.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <rollcall/task.hpp>

#include "backends/kubernetes/access.hpp"
#include "backends/kubernetes/api_fault.hpp"
#include "core/env.hpp"
#include "transport/http_client.hpp"
#include "transport/wire.hpp"

namespace rollcall::kubernetes {

/// Either of the two.
struct ApiAnswer {
  HttpResponsePtr response{};       ///< 2xx, its body still to be read.
  std::optional<ApiFault> fault{};  ///< Anything else.
};

/// Make one for each driver and keep it: it holds the credential between sessions, so that a plugin
/// is not run for each. Several requests may be under way at once.
class ApiClient {
 public:
  /// `wire.connect` may be empty: then it connects as `access` says.
  ApiClient(Access access, Wire wire, EnvPtr env);
  ~ApiClient();
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;

  /// Asks for what is below the server; `target` must be percent-encoded. An answer 401 has the
  /// credential read again, and is asked once more.
  ///
  /// Errors: those of HttpClient; those of the credential.
  [[nodiscard]] Task<ApiAnswer> get(std::string target, HttpDeadlines deadlines);

  /// The same, and the whole of an answer of at most `max_document`. Errors: also ApiFault::error.
  [[nodiscard]] Task<std::string> get_document(std::string target, HttpDeadlines deadlines);

  /// Sends a document that changes nothing: a review of access.
  [[nodiscard]] Task<std::string> post_json(std::string target, std::string body,
                                            HttpDeadlines deadlines);

  /// Whether the server still answers, on a connection of its own; any answer will do.
  [[nodiscard]] Task<void> ping();

  /// Closes the connections that are kept for later requests.
  void close_idle();

  [[nodiscard]] const Access& access() const noexcept;
  [[nodiscard]] HttpDeadlines deadlines() const noexcept;  ///< Of a list.

  static constexpr std::size_t max_document = std::size_t{1} << 20U;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall::kubernetes
