// The remotes that the `incus` and `lxc` commands are configured with.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/config.hpp>
#include <rollcall/result.hpp>
#include <rollcall/tls.hpp>

namespace rollcall::incus {

/// A remote, as written in config.yml.
struct Remote {
  std::string name;
  std::string addr;        ///< "https://host:8443", "unix://", "unix:///path".
  std::string protocol;    ///< "incus", "lxd", "simplestreams"; may be empty.
  std::string auth_type;   ///< "tls", "oidc"; may be empty.
  bool is_public = false;  ///< It gives images, and nothing else.

  friend bool operator==(const Remote&, const Remote&) = default;
};

/// Parses a config.yml; the result is sorted by name. Errors: invalid_config.
Result<std::vector<Remote>> read_remotes(std::string_view yaml);

/// The configuration folder of one of the commands: config.yml, the client's certificate, pinned
/// ones.
class ClientFolder {
 public:
  explicit ClientFolder(std::filesystem::path path) : path_(std::move(path)) {}

  /// Returns an empty list if there is no config.yml. Errors: invalid_config.
  [[nodiscard]] Result<std::vector<Remote>> remotes() const;

  /// The TLS settings for a remote: shows the client's certificate, and accepts only the server's
  /// if it was pinned when the remote was added. With an empty name, no pinned one.
  [[nodiscard]] TlsOptions tls_for(std::string_view remote) const;

  /// Whether there is a client certificate.
  [[nodiscard]] bool has_certificate() const;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// The user's folders, that of `incus` first: INCUS_CONF and LXD_CONF, else the defaults of the
/// commands, including those of the snap.
std::vector<ClientFolder> client_folders(const BackendOptions& options);

}  // namespace rollcall::incus
