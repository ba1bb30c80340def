// The requests to one API server. Each carries our credential, which is renewed when it expires.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <rollcall/task.hpp>

#include "backends/kubernetes/access.hpp"
#include "backends/kubernetes/api_fault.hpp"
#include "core/async/env.hpp"
#include "core/budgets.hpp"
#include "transport/http/client.hpp"
#include "transport/http/wire.hpp"

namespace rollcall::kubernetes {

/// Exactly one of the two is set.
struct ApiAnswer {
  HttpResponsePtr response{};       ///< 2xx, its body still to be read.
  std::optional<ApiFault> fault{};  ///< Anything else.
};

/// Make one per driver and keep it: it holds the credential between sessions, so that a plugin is
/// not run for each. Several requests may be in progress at once.
class ApiClient {
 public:
  /// If `wire.connect` is empty, it connects as `access` says.
  ApiClient(Access access, Wire wire, EnvPtr env);
  ~ApiClient();
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;

  /// Sends a GET below the server's URL; `target` must be percent-encoded. After an answer 401 the
  /// credential is read again, and the request is repeated once.
  ///
  /// Errors: those of HttpClient, and those of the credential.
  [[nodiscard]] Task<ApiAnswer> get(std::string target, HttpDeadlines deadlines);

  /// The same, and reads the whole answer, of at most `max_document`. Errors: also ApiFault::error.
  [[nodiscard]] Task<std::string> get_document(std::string target, HttpDeadlines deadlines);

  /// Posts a document that changes nothing: a review of access.
  [[nodiscard]] Task<std::string> post_json(std::string target, std::string body,
                                            HttpDeadlines deadlines);

  /// Checks that the server answers, on a new connection; any answer will do.
  [[nodiscard]] Task<void> ping();

  /// Closes the idle connections.
  void close_idle();

  [[nodiscard]] const Access& access() const noexcept;
  [[nodiscard]] HttpDeadlines deadlines() const noexcept;  ///< Of a list.

  static constexpr std::size_t max_document = budget::small_answer_bytes;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall::kubernetes
