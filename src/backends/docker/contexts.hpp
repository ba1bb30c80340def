// What the docker command is configured with: contexts, and which of them is in use.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <rollcall/result.hpp>
#include <rollcall/tls.hpp>

namespace rollcall::docker {

/// The folder of its configuration, read at each call. A file that is not there says nothing.
class Configuration {
 public:
  explicit Configuration(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// The context in use by config.json; empty: none was chosen.
  ///
  /// Errors: invalid_config, if the file cannot be read or understood.
  [[nodiscard]] Result<std::string> current_context() const;

  /// Where a context leads to.
  struct Context {
    std::string host{};               ///< A URL; empty: the usual socket.
    std::optional<TlsOptions> tls{};  ///< If TLS is spoken there.
  };

  /// Errors: invalid_config, if there is no such context, or its file cannot be understood.
  [[nodiscard]] Result<Context> context(std::string_view name) const;

  [[nodiscard]] std::filesystem::path config_file() const { return folder_ / "config.json"; }
  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }

 private:
  std::filesystem::path folder_;
};

/// ca.pem, cert.pem and key.pem of a folder, as far as they are there. One whose folder may not be
/// looked into is taken to be there: reading it will tell.
TlsOptions tls_files_in(const std::filesystem::path& folder);

}  // namespace rollcall::docker
