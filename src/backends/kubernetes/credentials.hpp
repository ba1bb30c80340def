// What shows an API server who we are, and that is still good.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <rollcall/task.hpp>
#include <rollcall/tls.hpp>

#include "backends/kubernetes/access.hpp"
#include "core/env.hpp"

namespace rollcall::kubernetes {

/// A credential at one moment.
struct Credential {
  std::string token{};  ///< A secret; empty: none.
  /// Instead of the one that the access has; of a plugin.
  Pem certificate{};
  Pem key{};
  std::uint64_t number = 0;  ///< Another one for each that was read.
};

/// Keeps the credential of one access, and reads it again in time. Whoever asks while it is being
/// read waits for that.
class Credentials {
 public:
  Credentials(CredentialSource source, EnvPtr env);
  ~Credentials();
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;

  /// The one that is good now.
  ///
  /// Errors: denied and auth, if it cannot be read: the file, or what the plugin said.
  [[nodiscard]] Task<Credential> current();

  /// The server does not take the one of this number: the next is read anew. If it has the same
  /// number, it is the same, and of no more use.
  void reject(std::uint64_t number);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rollcall::kubernetes
