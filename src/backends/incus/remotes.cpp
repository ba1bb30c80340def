#include "backends/incus/remotes.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "core/budgets.hpp"
#include "core/text/text.hpp"
#include "hostview/small_files.hpp"

namespace rollcall::incus {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_file = budget::file_bytes;

std::unexpected<RuntimeError> not_understood(std::string_view why) {
  return fail({.kind = ErrorKind::invalid_config,
               .what = fmt::format("the remotes cannot be understood: {}", excerpt(why)),
               .remedy = "`incus remote list` or `lxc remote list` shows what is wrong with them"});
}

std::string text_of(const YAML::Node& remote, const char* key) {
  const YAML::Node value = remote[key];
  return value.IsDefined() && value.IsScalar() ? value.Scalar() : std::string();
}

/// Also true if it cannot be determined: reading the file then reports why.
bool is_there(const fs::path& path) {
  std::error_code unknown;
  return fs::exists(path, unknown) || unknown;
}

}  // namespace

Result<std::vector<Remote>> read_remotes(std::string_view yaml) {
  std::vector<Remote> all;
  try {
    const YAML::Node document = YAML::Load(std::string(yaml));
    if (document.IsNull()) return all;
    if (!document.IsMap()) return not_understood("it is no map");
    const YAML::Node remotes = document["remotes"];
    if (!remotes.IsDefined() || remotes.IsNull()) return all;
    if (!remotes.IsMap()) return not_understood("\"remotes\" is no map");
    for (const auto& entry : remotes) {
      const YAML::Node& remote = entry.second;
      if (!entry.first.IsScalar() || !remote.IsMap()) return not_understood("a remote is no map");
      all.push_back({.name = entry.first.Scalar(),
                     .addr = text_of(remote, "addr"),
                     .protocol = text_of(remote, "protocol"),
                     .auth_type = text_of(remote, "auth_type"),
                     .is_public = text_of(remote, "public") == "true"});
    }
  } catch (const YAML::Exception& error) {
    return not_understood(error.what());
  }
  std::ranges::sort(all, {}, &Remote::name);
  return all;
}

Result<std::vector<Remote>> ClientFolder::remotes() const {
  const fs::path path = path_ / "config.yml";
  const auto text = read_file(path.string(), max_file);
  if (!text && text.error().missing()) return std::vector<Remote>();
  if (!text) {
    return fail({.kind = ErrorKind::invalid_config,
                 .endpoint = path.string(),
                 .what = fmt::format("the remotes cannot be read: {}", text.error().what),
                 .remedy = "let it be a plain file that this user may read"});
  }
  auto all = read_remotes(*text);
  if (!all) all.error().endpoint = path.string();
  return all;
}

bool ClientFolder::has_certificate() const {
  return is_there(path_ / "client.crt") && is_there(path_ / "client.key");
}

TlsOptions ClientFolder::tls_for(std::string_view remote) const {
  TlsOptions tls;
  if (has_certificate()) {
    tls.certificate.file = (path_ / "client.crt").string();
    tls.key.file = (path_ / "client.key").string();
  }
  const fs::path pinned = path_ / "servercerts" / (std::string(remote) + ".crt");
  if (!remote.empty() && is_there(pinned)) tls.pinned.file = pinned.string();
  return tls;
}

std::vector<ClientFolder> client_folders(const BackendOptions& options) {
  const auto variable = [&](std::string_view name) {
    return fs::path(options.getenv(name).value_or(std::string()));
  };
  const fs::path home = variable("HOME");
  fs::path config = variable("XDG_CONFIG_HOME");
  if (!config.is_absolute() && home.is_absolute()) config = home / ".config";
  std::vector<ClientFolder> folders;
  const auto add = [&folders](const fs::path& path) {
    if (path.is_absolute()) folders.emplace_back(path);
  };
  const fs::path incus = variable("INCUS_CONF");
  add(incus.empty() ? config / "incus" : incus);
  const fs::path lxc = variable("LXD_CONF");
  add(lxc.empty() ? config / "lxc" : lxc);
  if (lxc.empty()) add(home / "snap/lxd/common/config");
  return folders;
}

}  // namespace rollcall::incus
