// The raw fields of the API's objects that are used, in the server's words.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <rollcall/instance.hpp>
#include <simdjson.h>

namespace rollcall::kubernetes {

/// Metadata of every object. All views in this file are valid until the parser's next object.
struct Meta {
  std::string_view uid;
  std::string_view name;
  std::string_view name_space;
  std::string_view version;  ///< resourceVersion
  std::string_view created;
  std::string_view deleted;  ///< When it began to end; empty: it does not.
  std::vector<Labels::Entry> labels;
  std::vector<Labels::Entry> annotations;
  std::string_view owner_kind;  ///< Of the one that controls it.
  std::string_view owner_name;
};

struct PodItem {
  struct Container {
    std::string_view name;
    std::string_view image;
    std::string_view restart_policy;
  };
  struct Port {
    std::string_view name;
    std::string_view protocol;
    std::string_view host_ip;
    std::int64_t port = 0;
    std::int64_t host_port = 0;
  };
  struct ContainerStatus {
    std::string_view name;
    std::string_view waiting;  ///< The reason, "" too if it waits without one.
    std::string_view terminated;
    std::string_view started_at;
    std::int64_t exit_code = 0;
    bool is_waiting = false;
    bool is_running = false;
    bool is_terminated = false;
  };
  struct Condition {
    std::string_view status;
    std::string_view reason;
    std::string_view since;
  };

  Meta meta;
  std::string_view node;
  bool host_network = false;
  std::vector<Container> containers;  ///< Those that last as long as the pod: sidecars, too.
  std::vector<Port> ports;
  std::string_view phase;
  std::string_view reason;
  std::string_view host_ip;
  std::string_view start_time;
  std::vector<std::string_view> ips;
  std::vector<ContainerStatus> statuses;
  std::vector<ContainerStatus> init_statuses;
  std::optional<Condition> ready;
  std::optional<Condition> scheduled;
  std::vector<Problem> problems;
};

struct ServiceItem {
  struct Port {
    std::string_view name;
    std::string_view protocol;
    std::int64_t port = 0;
    std::int64_t node_port = 0;
  };
  Meta meta;
  std::string_view type;
  std::vector<std::string_view> cluster_ips;
  std::vector<std::string_view> outer_ips;  ///< Of load balancers, and external ones; names, too.
  std::vector<Port> ports;
};

/// An EndpointSlice; or an Endpoints object, each of whose subsets is a group.
struct SliceItem {
  struct Target {
    std::string_view pod;  ///< The name of the pod; empty: only its address is told.
    std::string_view ip;   ///< The first one.
  };
  struct Port {
    std::string_view name;
    std::string_view protocol;
    std::int64_t port = 0;
  };
  struct Group {
    std::vector<Target> targets;
    std::vector<Port> ports;
  };
  Meta meta;
  std::vector<Group> groups;
};

/// A Status: the API's description of a failure.
struct StatusItem {
  std::string_view reason;
  std::string_view message;
  std::int64_t code = 0;
};

/// One line of a watch.
template <class Item>
struct EventItem {
  std::string_view type;
  Item object;
  StatusItem status;
  bool ends_list = false;  ///< In a bookmark: the initial list is complete.
};

/// Resets the item, but keeps its memory for the next one.
void clear(PodItem& item);

using simdjson::error_code;
using JsonValue = simdjson::ondemand::value;

/// Returned by a callback to end the walk through an object early.
inline constexpr error_code walked_enough = simdjson::SCALAR_DOCUMENT_AS_VALUE;

/// Reads one field of an object. A wrong type becomes a problem of the pod, or is ignored.
error_code read_field(PodItem& item, std::string_view key, JsonValue value);
error_code read_field(ServiceItem& item, std::string_view key, JsonValue value);
error_code read_field(SliceItem& item, std::string_view key, JsonValue value);

/// Reads one field of a Status.
error_code read_field(StatusItem& item, std::string_view key, JsonValue value);

}  // namespace rollcall::kubernetes
