#include "backends/podman/configuration.hpp"

#include <algorithm>
#include <expected>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/budgets.hpp"
#include "hostview/small_files.hpp"

namespace rollcall::podman {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_file = budget::file_bytes;

std::string variable(const BackendOptions& options, std::string_view name) {
  return options.getenv(name).value_or(std::string());
}

/// The folder of the user's files; empty if it is not known.
fs::path user_folder(const BackendOptions& options) {
  const std::string config = variable(options, "XDG_CONFIG_HOME");
  if (config.starts_with('/')) return fs::path(config) / "containers";
  const std::string home = variable(options, "HOME");
  return home.starts_with('/') ? fs::path(home) / ".config/containers" : fs::path();
}

class Reader {
 public:
  using Parse = std::expected<Destinations, std::string> (*)(std::string_view text);

  /// `expected`: report a missing file as a fault.
  Destinations read(const fs::path& file, Parse parse, bool expected) {
    const auto text = read_file(file.string(), max_file);
    if (!text && !expected && text.error().missing()) return {};
    if (!text) {
      complain(file, fmt::format("it cannot be read: {}", text.error().what));
      return {};
    }
    auto read = parse(*text);
    if (!read) complain(file, read.error());
    return read.value_or(Destinations());
  }

  /// Reads containers.conf of a folder, and containers.conf.d beside it.
  void read_folder(const fs::path& folder, Destinations& into) {
    into.add(read(folder / "containers.conf", &read_containers_conf, false));
    for (const fs::path& piece : pieces_of(folder / "containers.conf.d")) {
      into.add(read(piece, &read_containers_conf, true));
    }
  }

  std::vector<std::string> faults{};

 private:
  std::vector<fs::path> pieces_of(const fs::path& folder) {
    std::vector<fs::path> pieces;
    std::error_code ec;
    fs::directory_iterator at(folder, ec);
    for (const fs::directory_iterator end; !ec && at != end; at.increment(ec)) {
      if (at->path().extension() != ".conf") continue;
      std::error_code unknown;
      if (fs::is_directory(at->symlink_status(unknown))) continue;
      pieces.push_back(at->path());
      if (pieces.size() <= budget::podman_conf_files) continue;
      complain(folder, fmt::format("it has more than {} files", budget::podman_conf_files));
      return {};
    }
    const bool missing =
        ec == std::errc::no_such_file_or_directory || ec == std::errc::not_a_directory;
    if (ec && !missing) complain(folder, fmt::format("it cannot be read: {}", ec.message()));
    std::ranges::sort(pieces);
    return pieces;
  }

  void complain(const fs::path& file, std::string_view what) {
    faults.push_back(
        fmt::format("{} of Podman's configuration is passed over: {}", file.string(), what));
  }
};

}  // namespace

Configuration read_configuration(const BackendOptions& options, const fs::path& root) {
  Reader reader;
  Destinations configured;
  const fs::path user = user_folder(options);
  if (const std::string only = variable(options, "CONTAINERS_CONF"); !only.empty()) {
    configured = reader.read(only, &read_containers_conf, true);
  } else {
    const fs::path shared = root / "usr/share/containers/containers.conf";
    configured = reader.read(shared, &read_containers_conf, false);
    reader.read_folder(root / "etc/containers", configured);
    if (!user.empty()) reader.read_folder(user, configured);
  }
  if (const std::string last = variable(options, "CONTAINERS_CONF_OVERRIDE"); !last.empty()) {
    configured.add(reader.read(last, &read_containers_conf, true));
  }
  fs::path json = variable(options, "PODMAN_CONNECTIONS_CONF");
  if (json.empty() && !user.empty()) json = user / "podman-connections.json";
  Destinations own;
  if (!json.empty()) own = reader.read(json, &read_connections_json, false);
  return {.connections = joined(configured, own), .faults = std::move(reader.faults)};
}

}  // namespace rollcall::podman
