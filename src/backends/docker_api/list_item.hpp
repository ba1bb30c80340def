// What an item of `GET /containers/json` says, before anything is made of it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>

#include "backends/docker_api/decode.hpp"

namespace rollcall::docker_api {

/// The fields that are read, in the engine's words. Lifetime: the views are the decoder's, until
/// its next item.
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
  /// What could not be read.
  std::vector<Problem> problems;

  /// Makes it empty, but keeps the memory of its lists for the next item.
  void clear();
};

/// Makes an instance of it; the key's backend and endpoint are left to the caller.
DecodedContainer interpret(const ListItem& item);

}  // namespace rollcall::docker_api
