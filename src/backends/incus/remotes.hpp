// The remotes that the `incus` and `lxc` commands know.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/config.hpp>
#include <rollcall/result.hpp>
#include <rollcall/tls.hpp>

namespace rollcall::incus {

/// A remote, in the words of config.yml.
struct Remote {
  std::string name;
  std::string addr;        ///< "https://host:8443", "unix://", "unix:///path".
  std::string protocol;    ///< "incus", "lxd", "simplestreams"; may be empty.
  std::string auth_type;   ///< "tls", "oidc"; may be empty.
  bool is_public = false;  ///< It gives images, and nothing else.

  friend bool operator==(const Remote&, const Remote&) = default;
};

/// Reads the text of a config.yml, by name. Errors: invalid_config, if it is not what it should be.
Result<std::vector<Remote>> read_remotes(std::string_view yaml);

/// A folder of one of the commands: config.yml, the client's certificate, those of servers.
class ClientFolder {
 public:
  explicit ClientFolder(std::filesystem::path path) : path_(std::move(path)) {}

  /// None, if there is no config.yml. Errors: invalid_config.
  [[nodiscard]] Result<std::vector<Remote>> remotes() const;

  /// How TLS is spoken with a remote: with the client's certificate, and with the server's alone if
  /// it was pinned when the remote was added. An empty name: with no remote's.
  [[nodiscard]] TlsOptions tls_for(std::string_view remote) const;

  /// Whether there is a certificate to show.
  [[nodiscard]] bool has_certificate() const;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// The folders of the user, that of `incus` first: INCUS_CONF and LXD_CONF, else where the commands
/// put them, those of the snap, too.
std::vector<ClientFolder> client_folders(const BackendOptions& options);

}  // namespace rollcall::incus
