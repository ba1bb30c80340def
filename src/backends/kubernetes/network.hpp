// Services and the endpoints behind them, as far as they tell how a pod is reached.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>

#include "backends/kubernetes/item.hpp"

namespace rollcall::kubernetes {

struct ServicePort {
  std::string name;
  std::uint16_t port = 0;
  std::uint16_t node_port = 0;  ///< 0: on no node.
  Protocol protocol = Protocol::tcp;

  friend bool operator==(const ServicePort&, const ServicePort&) = default;
};

struct Service {
  std::string name_space;
  std::string name;
  std::vector<std::string> cluster_ips;
  std::vector<std::string> outer_ips;  ///< Of load balancers, and external ones; names, too.
  std::vector<ServicePort> ports;

  friend bool operator==(const Service&, const Service&) = default;
};

struct SlicePort {
  std::string name;
  std::uint16_t port = 0;
  Protocol protocol = Protocol::tcp;

  friend bool operator==(const SlicePort&, const SlicePort&) = default;
};

/// Endpoints that have the same ports.
struct SliceGroup {
  /// Each is the name of a pod, or '@' and an address, and ends with '\n'. Sorted, in one
  /// allocation: there may be a thousand.
  std::string targets;
  std::vector<SlicePort> ports;

  friend bool operator==(const SliceGroup&, const SliceGroup&) = default;
};

struct Slice {
  std::string name_space;
  std::string name;
  std::string service;  ///< Of the same namespace; empty: of none.
  std::vector<SliceGroup> groups;

  friend bool operator==(const Slice&, const Slice&) = default;
};

/// Which object tells the endpoints: an EndpointSlice, or an Endpoints object, which has the name
/// of its service.
enum class SliceApi : std::uint8_t { slices_v1, slices_v1beta1, endpoints };

Service interpret(const ServiceItem& item);
Slice interpret(const SliceItem& item, SliceApi api);

/// The protocol that a port has; TCP if it has none, nothing if it is not known.
std::optional<Protocol> protocol_of(std::string_view word);

/// The ports by which the service forwards to an endpoint with these ports, on a node with this
/// address.
///
/// A cluster IP is reached within the cluster alone; a node port is on each node, so on the pod's
/// own; load balancers and external addresses are published.
std::vector<PortMapping> ports_of(const Service& service, const std::vector<SlicePort>& ports,
                                  std::string_view node_ip);

}  // namespace rollcall::kubernetes
