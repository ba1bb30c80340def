#include "backends/kubernetes/pod.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "backends/kubernetes/network.hpp"
#include "core/addresses.hpp"
#include "core/instance_lists.hpp"
#include "core/labels/readers/families.hpp"
#include "core/secrets/secrets.hpp"
#include "core/text/text.hpp"

namespace rollcall::kubernetes {
namespace {

using Container = PodItem::Container;
using ContainerStatus = PodItem::ContainerStatus;

std::string_view value_of(const std::vector<Labels::Entry>& entries, std::string_view key) {
  const auto at = std::ranges::find(entries, key, &Labels::Entry::first);
  return at == entries.end() ? std::string_view() : at->second;
}

bool is_running(const ContainerStatus& status) {
  return status.is_running;
}

// ---- state

/// Waiting reasons that are part of a normal start.
bool is_on_its_way(std::string_view reason) {
  return reason.empty() || reason == "ContainerCreating" || reason == "PodInitializing";
}

/// Why a container waits; the most serious reason counts.
std::string_view trouble_of(const std::vector<ContainerStatus>& statuses) {
  for (const ContainerStatus& status : statuses) {
    if (status.is_waiting && !is_on_its_way(status.waiting)) return status.waiting;
  }
  return {};
}

std::string end_of(const std::vector<ContainerStatus>& statuses) {
  for (const ContainerStatus& status : statuses) {
    if (!status.is_terminated || status.exit_code == 0) continue;
    const bool plain = status.terminated.empty() || status.terminated == "Error";
    return plain ? fmt::format("exited with {}", status.exit_code) : std::string(status.terminated);
  }
  return {};
}

/// Sets the state of a pod that has not begun.
void set_pending(Instance& instance, const PodItem& item) {
  instance.state = InstanceState::stopped;
  std::string_view reason = trouble_of(item.init_statuses);
  if (reason.empty()) reason = trouble_of(item.statuses);
  const bool unscheduled = item.scheduled && item.scheduled->status == "False";
  if (reason.empty() && unscheduled) reason = item.scheduled->reason;
  instance.reason = reason.empty() ? "pending" : reason;
}

/// Sets the state of a pod that has begun; between two runs of its containers it is restarting.
void set_running(Instance& instance, const PodItem& item) {
  const bool any_runs = item.statuses.empty() || std::ranges::any_of(item.statuses, is_running);
  instance.state = any_runs ? InstanceState::running : InstanceState::restarting;
  instance.reason = trouble_of(item.statuses);
  if (instance.reason.empty() && !any_runs) instance.reason = end_of(item.statuses);
}

void set_state(Instance& instance, const PodItem& item) {
  if (!item.meta.deleted.empty()) {
    instance.state = InstanceState::stopped;
    instance.reason = "terminating";
  } else if (item.phase == "Running") {
    set_running(instance, item);
  } else if (item.phase == "Pending") {
    set_pending(instance, item);
  } else if (item.phase == "Succeeded") {
    instance.state = InstanceState::stopped;
    instance.reason = "completed";
  } else if (item.phase == "Failed") {
    instance.state = InstanceState::stopped;
    instance.reason = item.reason.empty() ? end_of(item.statuses) : std::string(item.reason);
    if (instance.reason.empty()) instance.reason = "failed";
  } else {
    instance.state = InstanceState::unknown;
    instance.reason = item.reason;
    if (item.phase == "Unknown") return;  // Its node does not report.
    add_problem(instance, "status.phase",
                item.phase.empty()
                    ? std::string("is missing")
                    : fmt::format("\"{}\" is no known phase", quotation(item.phase)));
  }
}

/// When the current run began: the latest start of its containers.
std::optional<Timestamp> start_of(const PodItem& item) {
  std::optional<Timestamp> last;
  for (const ContainerStatus& status : item.statuses) {
    const auto at = status.is_running ? parse_rfc3339(status.started_at) : std::nullopt;
    if (at && (!last || *at > *last)) last = at;
  }
  return last;
}

/// Sets the health. A pod that has not been ready since its containers began is starting.
void set_health(Instance& instance, const PodItem& item, std::optional<Timestamp> start) {
  if (instance.state == InstanceState::restarting) instance.health = Health::unhealthy;
  if (instance.state != InstanceState::running || !item.ready) return;
  if (item.ready->status == "True") {
    instance.health = Health::healthy;
  } else if (item.ready->status == "False") {
    const auto since = parse_rfc3339(item.ready->since);
    const bool starts = instance.reason.empty() && (!start || (since && *since <= *start));
    instance.health = starts ? Health::starting : Health::unhealthy;
  }
}

void set_times(Instance& instance, const PodItem& item) {
  instance.created_at = parse_rfc3339(item.meta.created);
  if (!item.meta.created.empty() && !instance.created_at) {
    add_problem(instance, "metadata.creationTimestamp",
                fmt::format("\"{}\" is not a time", quotation(item.meta.created)));
  }
  const auto start = start_of(item);
  set_health(instance, item, start);
  if (!in_running_set(instance)) return;
  instance.started_at = start ? start : parse_rfc3339(item.start_time);
}

// ---- what it is

/// Sets labels and the annotations that Rollcall knows; a label wins over an annotation.
void set_labels(Instance& instance, const Meta& meta, LabelReader& reader) {
  std::vector<Labels::Entry> entries;
  entries.reserve(meta.annotations.size() + meta.labels.size());
  for (const auto& entry : meta.annotations) {
    if (readers::family_of(entry.first)) entries.push_back(entry);
  }
  entries.insert(entries.end(), meta.labels.begin(), meta.labels.end());
  const LabelReader::Reading& reading = reader.read(entries);
  instance.labels = reading.labels;
  instance.metadata = reading.metadata;
  std::ranges::copy(reading.problems, std::back_inserter(instance.problems));
}

/// The image of the default container.
std::string_view image_of(const PodItem& item) {
  const std::string_view chosen =
      value_of(item.meta.annotations, "kubectl.kubernetes.io/default-container");
  const auto at = std::ranges::find(item.containers, chosen, &Container::name);
  if (!chosen.empty() && at != item.containers.end()) return at->image;
  // Sidecars are among the init containers, so the first ordinary container is the main one.
  const auto main = std::ranges::find_if(
      item.containers, [](const Container& c) { return c.restart_policy.empty(); });
  if (main != item.containers.end()) return main->image;
  return item.containers.empty() ? std::string_view() : item.containers.front().image;
}

// ---- how it is reached

void set_addresses(Instance& instance, const PodItem& item) {
  instance.addresses.reserve(item.ips.size());
  for (const std::string_view ip : item.ips) {
    if (auto address = canonical_address(ip)) {
      instance.addresses.push_back(std::move(*address));
    } else {
      add_problem(instance, "status.podIPs",
                  fmt::format("\"{}\" is not an IP address", quotation(ip)));
    }
  }
}

bool is_port(std::int64_t number) {
  return number > 0 && number <= 65535;
}

void add_port(Instance& instance, const PodItem& item, const PodItem::Port& port) {
  const auto protocol = protocol_of(port.protocol);
  const bool published = port.host_port != 0;
  if (!protocol || !is_port(port.port) || (published && !is_port(port.host_port))) {
    return add_problem(instance, "ports",
                       fmt::format("{} of protocol \"{}\" is not a port that is known", port.port,
                                   quotation(port.protocol)));
  }
  PortMapping mapping{.host_ip = {},
                      .container_port = static_cast<std::uint16_t>(port.port),
                      .protocol = *protocol,
                      .name = std::string(port.name)};
  if (item.host_network || published) {
    mapping.scope = item.host_network ? PortScope::host : PortScope::published;
    mapping.host_port = static_cast<std::uint16_t>(published ? port.host_port : port.port);
    const bool on_all = port.host_ip.empty() || port.host_ip == "0.0.0.0" || port.host_ip == "::";
    mapping.host_ip = on_all ? item.host_ip : port.host_ip;
    if (mapping.host_ip.empty()) mapping.host_ip = "0.0.0.0";
  }
  instance.ports.push_back(std::move(mapping));
}

}  // namespace

std::string_view workload_of(const Meta& meta) {
  const std::string_view owner = meta.owner_name;
  if (meta.owner_kind == "Node") return {};  // A static pod: no workload owns it.
  if (meta.owner_kind != "ReplicaSet") return owner;
  // A Deployment names its ReplicaSets after itself and the hash that is also a label of their
  // pods.
  const std::string_view hash = value_of(meta.labels, "pod-template-hash");
  if (hash.empty() || !owner.ends_with(hash)) return owner;
  const std::string_view before = owner.substr(0, owner.size() - hash.size());
  return before.size() > 1 && before.ends_with('-') ? before.substr(0, before.size() - 1) : owner;
}

void interpret(const PodItem& item, LabelReader& labels, Instance& instance) {
  instance.key.id = std::string(item.meta.uid);
  instance.kind = InstanceKind::pod;
  instance.problems = item.problems;
  instance.name = std::string(item.meta.name);
  instance.group = std::string(item.meta.name_space);
  instance.node = std::string(item.node);
  instance.service = std::string(workload_of(item.meta));
  instance.image = std::string(image_of(item));
  if (item.host_network) instance.network_mode = NetworkMode::host;
  set_state(instance, item);
  set_times(instance, item);
  set_labels(instance, item.meta, labels);
  // A pod that does not run keeps the addresses of its last run.
  if (in_running_set(instance)) {
    set_addresses(instance, item);
    instance.ports.reserve(item.ports.size());
    for (const PodItem::Port& port : item.ports) add_port(instance, item, port);
  }
  complete_list(instance.addresses);
  complete_list(instance.ports);
  complete_list(instance.problems);
}

}  // namespace rollcall::kubernetes
