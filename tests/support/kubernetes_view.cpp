// The API server's own list of what runs, and how a fold differs from that.
#include <set>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "support/kubernetes_cluster.hpp"

namespace rollcall::support {
namespace {

namespace json = boost::json;

// Both sides are written down as text, so that a difference reads well.
std::string facts(std::string_view group, std::string_view name, std::string_view state,
                  std::string_view node, const std::set<std::string>& addresses,
                  const std::set<std::string>& labels) {
  return fmt::format("{}/{} {} on '{}' [{}] {{{}}}", group, name, state, node,
                     fmt::join(addresses, " "), fmt::join(labels, " "));
}

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? json::value_to<std::string>(*value)
                                                : std::string();
}

const json::object& object_of(const json::object& object, std::string_view key) {
  static const json::object none;
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_object() ? value->get_object() : none;
}

// A pod that waits, has ended or is being deleted does not count as running.
bool runs(const json::object& pod) {
  return text_of(object_of(pod, "status"), "phase") == "Running" &&
         !object_of(pod, "metadata").contains("deletionTimestamp");
}

// Between two runs of its containers a pod is restarting.
std::string_view state_of(const json::object& status) {
  const auto* containers = status.if_contains("containerStatuses");
  if (containers == nullptr || containers->as_array().empty()) return "running";
  for (const json::value& one : containers->as_array()) {
    if (object_of(one.as_object(), "state").contains("running")) return "running";
  }
  return "restarting";
}

std::string facts_of(const json::object& pod) {
  const json::object& metadata = object_of(pod, "metadata");
  const json::object& status = object_of(pod, "status");
  std::set<std::string> addresses;
  if (const auto* ips = status.if_contains("podIPs")) {
    for (const json::value& ip : ips->as_array()) addresses.insert(text_of(ip.as_object(), "ip"));
  }
  std::set<std::string> labels;
  for (const auto& [key, value] : object_of(metadata, "labels")) {
    labels.insert(fmt::format("{}={}", std::string_view(key), std::string_view(value.as_string())));
  }
  return facts(text_of(metadata, "namespace"), text_of(metadata, "name"), state_of(status),
               text_of(object_of(pod, "spec"), "nodeName"), addresses, labels);
}

std::string facts_of(const Instance& it, const std::set<std::string>& keys) {
  std::set<std::string> addresses;
  for (const Address& address : it.addresses) addresses.insert(address.ip);
  std::set<std::string> labels;
  for (const auto& [key, value] : it.labels) {
    if (keys.contains(std::string(key))) labels.insert(fmt::format("{}={}", key, value));
  }
  return facts(it.group, it.name, to_string(it.state), it.node, addresses, labels);
}

}  // namespace

std::vector<std::string> kubernetes_differences(const std::map<std::string, InstancePtr>& instances,
                                                KubernetesApi& api, std::string_view group) {
  const json::value all = api.get(group.empty() ? std::string("/api/v1/pods")
                                                : fmt::format("/api/v1/namespaces/{}/pods", group));
  std::vector<std::string> sentences;
  std::set<std::string> here;
  for (const json::value& value : all.at("items").as_array()) {
    const json::object& pod = value.as_object();
    if (!runs(pod)) continue;
    const auto uid = text_of(object_of(pod, "metadata"), "uid");
    here.insert(uid);
    const auto told = instances.find(uid);
    if (told == instances.end()) {
      sentences.push_back(fmt::format("{} is missing", facts_of(pod)));
      continue;
    }
    // Instances have annotations among their labels.
    std::set<std::string> keys;
    for (const auto& [key, _] : object_of(object_of(pod, "metadata"), "labels")) {
      keys.insert(std::string(key));
    }
    const std::string as_told = facts_of(*told->second, keys);
    if (as_told != facts_of(pod)) {
      sentences.push_back(fmt::format("{} is told as {}", facts_of(pod), as_told));
    }
  }
  for (const auto& [uid, it] : instances) {
    if (!here.contains(uid)) sentences.push_back(fmt::format("{} is a ghost", it->name));
  }
  return sentences;
}

}  // namespace rollcall::support
