// What Podman's own API (libpod 3 and later) tells of a container, and its likeness of Docker's
// does not.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>
#include <rollcall/result.hpp>

#include "backends/docker_api/decode.hpp"

namespace rollcall::podman {

/// One item of `GET /libpod/containers/json`.
struct LibpodContainer {
  std::string id{};
  std::string pod{};  ///< Its id; empty if it is in none.
  std::string pod_name{};
  bool infra = false;
  bool has_network = false;  ///< One of its own; else none, the host's, or that of another.
  Health health = Health::none;
  std::vector<PortMapping> ports{};  ///< Ranges written out.
  std::optional<Timestamp> created_at{};
  std::optional<Timestamp> started_at{};
  std::vector<Problem> problems{};
};

/// Keeps its parser's memory, so make one for many.
class LibpodDecoder {
 public:
  LibpodDecoder();
  ~LibpodDecoder();

  /// Decodes one object of the list. The 64 bytes after `item` must be readable.
  ///
  /// Nothing, if it is not JSON or has no id: what is told of whom, nobody knows.
  [[nodiscard]] std::optional<LibpodContainer> decode(std::string_view item);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

/// Adds to a container what Podman's own list tells of it.
void merge(docker_api::DecodedContainer& container, LibpodContainer told);

/// Whose network a container uses, which never changes.
struct NetworkUse {
  NetworkMode mode = NetworkMode::own;
  std::string owner{};  ///< For NetworkMode::joined.

  friend bool operator==(const NetworkUse&, const NetworkUse&) = default;
};

/// `HostConfig.NetworkMode` of an inspect; of all else in it nothing is read. Nothing, if it is not
/// there.
std::optional<NetworkUse> read_network_use(std::string_view inspect);

/// Sets it.
void use_network(docker_api::DecodedContainer& container, const NetworkUse& use);

}  // namespace rollcall::podman
