// Where an engine may be.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <rollcall/tls.hpp>

namespace rollcall {

/// Further data of a place, which only its runtime's driver understands.
struct PlaceDetail {
  virtual ~PlaceDetail() = default;
};

/// Where an engine may be, and where that was configured.
struct Place {
  std::string url;     ///< Canonical: "unix:///var/run/docker.sock".
  std::string source;  ///< "DOCKER_HOST", "--endpoint", "system socket", "rootless socket", …
  bool usual = false;  ///< A default path; whether a socket exists there was not checked.
  std::string
      note{};  ///< For people: how it is secured, which settings were ignored; may be empty.
  std::optional<TlsOptions> tls{};  ///< Set for an https:// URL.
  std::string ssh_identity{};       ///< The private key file for ssh; empty: as ssh is configured.
  std::shared_ptr<const PlaceDetail> detail{};  ///< Null for most runtimes.
};

}  // namespace rollcall
