// Fields of a container that Podman's own API (libpod 3 and later) has and its Docker API lacks.
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
  std::string pod{};  ///< The id of its pod; empty if it is in none.
  std::string pod_name{};
  bool infra = false;
  bool has_network = false;  ///< Its own; otherwise none, the host's, or another container's.
  Health health = Health::none;
  std::string unknown_health{};        ///< The word, if it means nothing to us.
  std::vector<PortMapping> ports{};    ///< Ranges written out.
  bool tells_exposed = false;          ///< From 5 on; before an inspect does.
  std::vector<PortMapping> exposed{};  ///< Those that it exposes, published or not.
  std::optional<Timestamp> created_at{};
  std::optional<Timestamp> started_at{};
  std::vector<Problem> problems{};
};

/// Decodes list items. It reuses its parser's memory, so make one for many items.
class LibpodDecoder {
 public:
  LibpodDecoder();
  ~LibpodDecoder();

  /// Decodes one object of the list. The 64 bytes after `item` must be readable.
  ///
  /// Returns nullopt if it is not JSON or has no id, as it then cannot be matched to a container.
  [[nodiscard]] std::optional<LibpodContainer> decode(std::string_view item);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

/// Adds the fields of Podman's own list to a container.
void merge(docker_api::DecodedContainer& container, LibpodContainer told);

/// Adds a problem, in its place.
void add_problem(Instance& instance, std::string_view where, std::string what);

/// Adds ports that a container exposes and does not publish: they are on its networks alone.
void add_exposed(Instance& instance, std::vector<PortMapping> exposed);

/// Whose network a container uses, which never changes.
struct NetworkUse {
  NetworkMode mode = NetworkMode::own;
  std::string owner{};  ///< For NetworkMode::joined.

  friend bool operator==(const NetworkUse&, const NetworkUse&) = default;
};

/// What is read of an inspect, and never changes.
struct Inspected {
  std::optional<NetworkUse> use{};     ///< `HostConfig.NetworkMode`.
  std::vector<PortMapping> exposed{};  ///< `Config.ExposedPorts`.
};

/// Nothing, if it is no inspect.
std::optional<Inspected> read_inspect(std::string_view inspect);

/// Sets the network mode and owner of the container.
void use_network(docker_api::DecodedContainer& container, const NetworkUse& use);

}  // namespace rollcall::podman
