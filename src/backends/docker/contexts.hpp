// The configuration of the docker command: contexts, and which of them is current.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rollcall/result.hpp>
#include <rollcall/tls.hpp>

#include "transport/http/client.hpp"

namespace rollcall::docker {

/// The configuration folder, read at each call. A missing file counts as empty. Keys are
/// case-insensitive, as for the docker command: of keys that differ only in case, the last counts.
class Configuration {
 public:
  explicit Configuration(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// The settings in config.json.
  struct Settings {
    std::string current_context{};      ///< The context in use; empty: none was chosen.
    std::vector<HttpHeader> headers{};  ///< To send with each request; values may be secrets.
  };

  /// Errors: invalid_config, if the file cannot be read or understood.
  [[nodiscard]] Result<Settings> settings() const;

  /// The engine that a context leads to.
  struct Context {
    std::string host{};               ///< A URL; empty: the usual socket.
    std::optional<TlsOptions> tls{};  ///< Set if the context speaks TLS.
  };

  /// Errors: invalid_config, if there is no such context, or its file cannot be understood.
  [[nodiscard]] Result<Context> context(std::string_view name) const;

  [[nodiscard]] std::filesystem::path config_file() const { return folder_ / "config.json"; }
  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }

 private:
  std::filesystem::path folder_;
};

/// The files ca.pem, cert.pem and key.pem of a folder that exist. If the folder may not be
/// searched, they are assumed to exist: reading them will report the error.
TlsOptions tls_files_in(const std::filesystem::path& folder);

}  // namespace rollcall::docker
