// Services and their endpoints, reduced to how pods are reached.
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

/// Endpoints with the same ports.
struct SliceGroup {
  /// Each target is the name of a pod, or '@' and an address, and ends with '\n'. Sorted, in one
  /// allocation, because there may be a thousand.
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

/// The kind of object that lists endpoints: an EndpointSlice, or an Endpoints object, which has the
/// name of its service.
enum class SliceApi : std::uint8_t { slices_v1, slices_v1beta1, endpoints };

Service interpret(const ServiceItem& item);
Slice interpret(const SliceItem& item, SliceApi api);

/// The protocol of a port; TCP if the word is empty, nullopt if it is unknown.
std::optional<Protocol> protocol_of(std::string_view word);

/// The ports through which the service forwards to an endpoint with these ports, on a node with
/// this address.
///
/// A cluster IP is reachable only within the cluster. A node port is open on each node, so it is
/// told on the pod's own node. Load balancers and external addresses are published.
std::vector<PortMapping> ports_of(const Service& service, const std::vector<SlicePort>& ports,
                                  std::string_view node_ip);

}  // namespace rollcall::kubernetes
