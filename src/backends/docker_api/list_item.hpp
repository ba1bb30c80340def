// The raw fields of an item of `GET /containers/json`.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>

#include "backends/docker_api/decode.hpp"

namespace rollcall::docker_api {

/// The fields that are used, in the engine's words. The views are valid until the decoder's next
/// item.
struct ListItem {
  struct Network {
    std::string_view name;
    std::string_view ipv4;
    std::string_view ipv6;
  };
  struct Port {
    std::string_view ip;
    std::int64_t container_port = 0;
    std::int64_t host_port = 0;
    std::string_view protocol;
  };

  std::string_view id;
  std::vector<std::string_view> names;
  std::string_view image;
  std::string_view state;
  std::string_view status;
  std::string_view health;
  std::string_view network_mode;
  std::int64_t created = 0;
  std::vector<Network> networks;
  std::vector<Port> ports;
  std::vector<Labels::Entry> labels;
  /// Fields that could not be read.
  std::vector<Problem> problems;

  /// Clears the item, but keeps the memory of its lists for the next one.
  void clear();
};

/// What an engine's word for the state of a health check means; empty: there is none. Nothing, if
/// it is in no table.
std::optional<Health> health_of(std::string_view word);

/// Makes an instance of it, in which `masker` has masked the secrets; the key's backend and
/// endpoint are left to the caller.
DecodedContainer interpret(const ListItem& item, const Masker& masker);

}  // namespace rollcall::docker_api
