// The credential for an API server, kept up to date.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <rollcall/task.hpp>
#include <rollcall/tls.hpp>

#include "backends/kubernetes/access.hpp"
#include "core/async/env.hpp"

namespace rollcall::kubernetes {

/// A credential at one moment.
struct Credential {
  std::string token{};  ///< A secret; empty: none.
  /// From a plugin; replaces the certificate of the access.
  Pem certificate{};
  Pem key{};
  std::uint64_t number = 0;  ///< Differs for each credential that was read.
};

/// Holds the credential of one access, and renews it in time. Concurrent callers share one renewal.
class Credentials {
 public:
  Credentials(CredentialSource source, EnvPtr env);
  ~Credentials();
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;

  /// Returns a credential that is valid now.
  ///
  /// Errors: denied and auth, if it cannot be read: the file's error, or the plugin's output.
  [[nodiscard]] Task<Credential> current();

  /// Reports that the server rejected the credential with this number, so that the next call reads
  /// it anew. If that returns the same number, there is no better one.
  void reject(std::uint64_t number);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rollcall::kubernetes
