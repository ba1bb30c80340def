#include "backends/incus/places.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "backends/incus/remotes.hpp"
#include "core/text/text.hpp"
#include "transport/endpoint.hpp"
#include "transport/tls/faults.hpp"

namespace rollcall::incus {
namespace {

struct Family {
  std::string_view socket_variable;
  std::string_view folder_variable;
};
constexpr std::array families = {Family{"INCUS_SOCKET", "INCUS_DIR"},
                                 Family{"LXD_SOCKET", "LXD_DIR"}};

struct Folder {
  std::string_view path;
  std::string_view source;
};
// Where the packages of the projects, of Debian and of snap create the sockets.
constexpr std::array folders = {
    Folder{"/run/incus", "Incus' socket"},
    Folder{"/var/lib/incus", "Incus' socket"},
    Folder{"/var/lib/lxd", "LXD's socket"},
    Folder{"/var/snap/lxd/common/lxd", "LXD's socket, of the snap"},
};

std::string variable(const BackendOptions& options, std::string_view name) {
  return options.getenv(name).value_or(std::string());
}

RuntimeError from(std::string_view source, RuntimeError error) {
  error.what = fmt::format("{} (from {})", error.what, source);
  return error;
}

/// Makes a place from a URL. `tls` is used if the URL speaks TLS.
Result<Place> place_at(std::string_view url, std::string source, TlsOptions tls = {}) {
  auto endpoint = parse_endpoint(url, default_port);
  if (!endpoint) return fail(from(source, std::move(endpoint.error())));
  if (endpoint->scheme == Endpoint::Scheme::ssh) {
    return fail(
        {.kind = ErrorKind::invalid_config,
         .endpoint = endpoint->url(),
         .what = fmt::format("Incus and LXD are not reached by ssh (from {})", source),
         .remedy = "let the server listen (core.https_address), and name it with https://"});
  }
  Place place{.url = endpoint->url(), .source = std::move(source)};
  if (endpoint->scheme == Endpoint::Scheme::tls) {
    place.note = "TLS, " + tls::summary(tls);
    place.tls = std::move(tls);
  }
  return place;
}

bool may_open(const std::string& socket) {
  return ::faccessat(AT_FDCWD, socket.c_str(), W_OK, AT_EACCESS) == 0;
}

/// The socket in the folder that the user may open. Ordinary users may have a restricted one that
/// shows their own project only: Incus has it beside the main one, lxd-user in a folder beside
/// LXD's.
std::string socket_in(std::string_view folder) {
  while (folder.size() > 1 && folder.ends_with('/')) folder.remove_suffix(1);
  std::string socket = fmt::format("{}/unix.socket", folder);
  if (may_open(socket)) return socket;
  std::string of_user = socket + ".user";
  if (may_open(of_user)) return of_user;
  of_user = fmt::format("{}-user/unix.socket", folder);
  return folder.ends_with("/lxd") && may_open(of_user) ? of_user : socket;
}

/// The place that the variables of a family name, if they are set.
std::optional<Result<Place>> decided(const Family& family, const BackendOptions& options) {
  if (const auto socket = variable(options, family.socket_variable); !socket.empty()) {
    return place_at(socket, std::string(family.socket_variable));
  }
  if (const auto folder = variable(options, family.folder_variable); !folder.empty()) {
    return place_at(socket_in(folder), std::string(family.folder_variable));
  }
  return std::nullopt;
}

/// One socket for each usual folder that exists.
Result<std::vector<Place>> usual_places() {
  std::vector<Place> places;
  for (const Folder& folder : folders) {
    auto place = place_at(socket_in(folder.path), std::string(folder.source));
    if (!place) return fail(std::move(place.error()));
    places.push_back(std::move(*place));
  }
  return places;
}

RuntimeError unusable(const Remote& remote, std::string_view why) {
  return {.kind = ErrorKind::invalid_config,
          .endpoint = remote.name,
          .what = fmt::format("the remote {} {}", excerpt(remote.name), why),
          .remedy = "name a remote with an Incus or LXD server that trusts a certificate of yours"};
}

Result<std::vector<Place>> places_of(const Remote& remote, const ClientFolder& folder) {
  constexpr std::string_view local = "unix://";
  if (remote.is_public || remote.protocol == "simplestreams") {
    return fail(unusable(remote, "gives images alone"));
  }
  if (!remote.auth_type.empty() && remote.auth_type != "tls") {
    return fail(unusable(remote, fmt::format("wants to be signed in to by {}, which is not "
                                             "supported",
                                             excerpt(remote.auth_type))));
  }
  if (remote.addr == local || remote.addr == "unix:") return usual_places();
  auto place = place_at(remote.addr, "remote " + remote.name, folder.tls_for(remote.name));
  if (!place) return fail(std::move(place.error()));
  return std::vector<Place>{std::move(*place)};
}

/// The place of the remote with that name, from the first folder that knows it.
Result<std::vector<Place>> places_of_remote(std::string_view name, const BackendOptions& options) {
  for (const ClientFolder& folder : client_folders(options)) {
    auto remotes = folder.remotes();
    if (!remotes) return fail(std::move(remotes.error()));
    const auto at = std::ranges::find(*remotes, name, &Remote::name);
    if (at != remotes->end()) return places_of(*at, folder);
  }
  if (name == "local") return usual_places();
  return fail({.kind = ErrorKind::invalid_config,
               .endpoint = std::string(name),
               .what = "no remote of this name is known",
               .remedy = "`incus remote list` or `lxc remote list` shows those that are; a URL "
                         "begins with https:// or unix://"});
}

/// The TLS settings for a server named by its URL: those of the remote with this URL, if the
/// commands know one; else with the first client certificate that exists.
TlsOptions tls_of(const std::string& url, const BackendOptions& options) {
  std::optional<TlsOptions> some;
  for (const ClientFolder& folder : client_folders(options)) {
    if (!some && folder.has_certificate()) some = folder.tls_for({});
    const auto remotes = folder.remotes();
    if (!remotes) continue;
    for (const Remote& remote : *remotes) {
      const auto endpoint = parse_endpoint(remote.addr, default_port);
      if (endpoint && endpoint->url() == url) return folder.tls_for(remote.name);
    }
  }
  return some.value_or(TlsOptions{});
}

bool is_url(std::string_view word) {
  return word.starts_with('/') || word.starts_with("unix:") || word.contains("://");
}

Result<std::vector<Place>> named_places(const BackendOptions& options) {
  constexpr std::string_view source = "--endpoint";
  std::string_view word = options.endpoint;
  if (!is_url(word)) {
    if (word.ends_with(':')) word.remove_suffix(1);  // The commands write it with a colon.
    return places_of_remote(word, options);
  }
  auto endpoint = parse_endpoint(word, default_port);
  if (!endpoint) return fail(from(source, std::move(endpoint.error())));
  TlsOptions tls;
  if (endpoint->scheme == Endpoint::Scheme::tls) {
    tls = options.tls ? *options.tls : tls_of(endpoint->url(), options);
  }
  auto place = place_at(word, std::string(source), std::move(tls));
  if (!place) return fail(std::move(place.error()));
  return std::vector<Place>{std::move(*place)};
}

}  // namespace

Result<std::vector<Place>> places(const BackendOptions& options) {
  if (!options.endpoint.empty()) return named_places(options);
  std::vector<Place> places;
  for (const Family& family : families) {
    auto place = decided(family, options);
    if (!place) continue;
    if (!*place) return fail(std::move(place->error()));
    places.push_back(std::move(**place));
  }
  if (!places.empty()) return places;
  return usual_places();
}

}  // namespace rollcall::incus
