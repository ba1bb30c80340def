#include "backends/kubernetes/item.hpp"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/json/json_walk.hpp"
#include "core/text/text.hpp"

namespace rollcall::kubernetes {
namespace {

using json_walk::each_element;
using json_walk::each_field;
using json_walk::read_bool;
using json_walk::read_integer;
using json_walk::read_text;

using Value = JsonValue;
constexpr auto good = simdjson::SUCCESS;

/// Ignores a wrong type, where nothing depends on the field.
error_code tolerate(error_code error) {
  return error == simdjson::INCORRECT_TYPE ? good : error;
}

error_code text(Value value, std::string_view& out) {
  return tolerate(read_text(value, out));
}
error_code number(Value value, std::int64_t& out) {
  return tolerate(read_integer(value, out));
}
error_code truth(Value value, bool& out) {
  return tolerate(read_bool(value, out));
}

/// Turns a wrong type into a problem; passes every other result on.
error_code note(PodItem& item, std::string_view where, std::string_view expected,
                error_code error) {
  if (error != simdjson::INCORRECT_TYPE) return error;
  item.problems.push_back(
      {.where = std::string(where), .what = fmt::format("is not {}", expected)});
  return good;
}

error_code read_texts(Value value, std::vector<std::string_view>& into) {
  return tolerate(each_element(value, [&into](Value element) {
    std::string_view found;
    const auto error = text(element, found);
    if (!found.empty()) into.push_back(found);
    return error;
  }));
}

/// The values of one key in a list of objects: [{"ip":"10.0.0.1"},…].
error_code read_texts_of(Value value, std::string_view wanted,
                         std::vector<std::string_view>& into) {
  return each_element(value, [&](Value element) {
    return tolerate(each_field(element, [&](std::string_view key, Value child) {
      if (key != wanted) return good;
      std::string_view found;
      const auto error = text(child, found);
      if (!found.empty()) into.push_back(found);
      return error;
    }));
  });
}

error_code read_map(Value value, std::vector<Labels::Entry>& into) {
  return each_field(value, [&into](std::string_view key, Value child) {
    std::string_view found;
    const auto error = read_text(child, found);
    if (error == good) into.emplace_back(key, found);
    return tolerate(error);
  });
}

error_code read_owners(Value value, Meta& meta) {
  return tolerate(each_element(value, [&meta](Value element) {
    std::string_view kind;
    std::string_view name;
    bool controls = false;
    const auto error = tolerate(each_field(element, [&](std::string_view key, Value child) {
      if (key == "kind") return text(child, kind);
      if (key == "name") return text(child, name);
      if (key == "controller") return truth(child, controls);
      return good;
    }));
    if (controls) {
      meta.owner_kind = kind;
      meta.owner_name = name;
    }
    return error;
  }));
}

error_code read_meta(Value value, Meta& meta) {
  return each_field(value, [&meta](std::string_view key, Value child) {
    if (key == "uid") return text(child, meta.uid);
    if (key == "name") return text(child, meta.name);
    if (key == "namespace") return text(child, meta.name_space);
    if (key == "resourceVersion") return text(child, meta.version);
    if (key == "creationTimestamp") return text(child, meta.created);
    if (key == "deletionTimestamp") return text(child, meta.deleted);
    if (key == "labels") return tolerate(read_map(child, meta.labels));
    if (key == "annotations") return tolerate(read_map(child, meta.annotations));
    if (key == "ownerReferences") return read_owners(child, meta);
    return good;
  });
}

// ---- pods

error_code read_port(Value value, PodItem::Port& port) {
  return each_field(value, [&port](std::string_view key, Value child) {
    if (key == "name") return text(child, port.name);
    if (key == "protocol") return text(child, port.protocol);
    if (key == "hostIP") return text(child, port.host_ip);
    if (key == "containerPort") return number(child, port.port);
    if (key == "hostPort") return number(child, port.host_port);
    return good;
  });
}

/// `passing`: init containers, which end before the others begin, unless they are sidecars.
error_code read_containers(Value value, PodItem& item, bool passing) {
  return each_element(value, [&item, passing](Value element) {
    PodItem::Container container;
    const std::size_t ports = item.ports.size();
    const auto error = each_field(element, [&](std::string_view key, Value child) {
      if (key == "name") return text(child, container.name);
      if (key == "image") return text(child, container.image);
      if (key == "restartPolicy") return text(child, container.restart_policy);
      if (key != "ports") return good;
      return note(item, "ports", "a list of objects", each_element(child, [&item](Value port) {
                    return read_port(port, item.ports.emplace_back());
                  }));
    });
    if (passing && container.restart_policy != "Always") {
      item.ports.resize(ports);
    } else {
      item.containers.push_back(container);
    }
    return error;
  });
}

error_code read_spec(Value value, PodItem& item) {
  return each_field(value, [&item](std::string_view key, Value child) {
    if (key == "nodeName") return text(child, item.node);
    if (key == "hostNetwork") return truth(child, item.host_network);
    const bool passing = key == "initContainers";
    if (key != "containers" && !passing) return good;
    return note(item, key, "a list of objects", read_containers(child, item, passing));
  });
}

error_code read_condition(Value value, PodItem& item) {
  std::string_view type;
  PodItem::Condition condition;
  const auto error = each_field(value, [&](std::string_view key, Value child) {
    if (key == "type") return text(child, type);
    if (key == "status") return text(child, condition.status);
    if (key == "reason") return text(child, condition.reason);
    if (key == "lastTransitionTime") return text(child, condition.since);
    return good;
  });
  if (type == "Ready") item.ready = condition;
  if (type == "PodScheduled") item.scheduled = condition;
  return error;
}

error_code read_run(Value value, PodItem::ContainerStatus& status) {
  return tolerate(each_field(value, [&status](std::string_view key, Value child) {
    if (key == "waiting") {
      status.is_waiting = true;
      return tolerate(each_field(child, [&status](std::string_view name, Value inner) {
        return name == "reason" ? text(inner, status.waiting) : good;
      }));
    }
    if (key != "running" && key != "terminated") return good;
    (key == "running" ? status.is_running : status.is_terminated) = true;
    return tolerate(each_field(child, [&status](std::string_view name, Value inner) {
      if (name == "startedAt") return text(inner, status.started_at);
      if (name == "reason") return text(inner, status.terminated);
      if (name == "exitCode") return number(inner, status.exit_code);
      return good;
    }));
  }));
}

error_code read_statuses(Value value, std::vector<PodItem::ContainerStatus>& into) {
  return each_element(value, [&into](Value element) {
    PodItem::ContainerStatus status;
    const auto read = each_field(element, [&status](std::string_view key, Value child) {
      if (key == "name") return text(child, status.name);
      if (key == "state") return read_run(child, status);
      return good;
    });
    if (read == good) into.push_back(status);
    return read;
  });
}

error_code read_pod_status(Value value, PodItem& item) {
  return each_field(value, [&item](std::string_view key, Value child) {
    if (key == "phase") return note(item, "phase", "a text", read_text(child, item.phase));
    if (key == "reason") return text(child, item.reason);
    if (key == "hostIP") return text(child, item.host_ip);
    if (key == "startTime") return text(child, item.start_time);
    if (key == "podIP") {
      std::string_view ip;
      const auto error = text(child, ip);
      if (!ip.empty()) item.ips.push_back(ip);
      return error;
    }
    if (key == "podIPs") {
      return note(item, key, "a list of objects", read_texts_of(child, "ip", item.ips));
    }
    if (key == "conditions") {
      return note(item, key, "a list of objects", each_element(child, [&item](Value condition) {
                    return read_condition(condition, item);
                  }));
    }
    if (key == "containerStatuses") {
      return note(item, key, "a list of objects", read_statuses(child, item.statuses));
    }
    if (key == "initContainerStatuses") {
      return note(item, key, "a list of objects", read_statuses(child, item.init_statuses));
    }
    return good;
  });
}

// ---- services

error_code read_service_ports(Value value, ServiceItem& item) {
  return each_element(value, [&item](Value element) {
    ServiceItem::Port& port = item.ports.emplace_back();
    return each_field(element, [&port](std::string_view key, Value child) {
      if (key == "name") return text(child, port.name);
      if (key == "protocol") return text(child, port.protocol);
      if (key == "port") return number(child, port.port);
      if (key == "nodePort") return number(child, port.node_port);
      return good;
    });
  });
}

error_code read_service_spec(Value value, ServiceItem& item) {
  return each_field(value, [&item](std::string_view key, Value child) {
    if (key == "type") return text(child, item.type);
    if (key == "ports") return tolerate(read_service_ports(child, item));
    if (key == "clusterIPs") return read_texts(child, item.cluster_ips);
    if (key == "externalIPs") return read_texts(child, item.outer_ips);
    if (key != "clusterIP") return good;
    std::string_view ip;
    const auto error = text(child, ip);
    if (!ip.empty()) item.cluster_ips.push_back(ip);
    return error;
  });
}

error_code read_ingress(Value value, ServiceItem& item) {
  return each_element(value, [&item](Value element) {
    return tolerate(each_field(element, [&item](std::string_view key, Value child) {
      if (key != "ip" && key != "hostname") return good;
      std::string_view found;
      const auto error = text(child, found);
      if (!found.empty()) item.outer_ips.push_back(found);
      return error;
    }));
  });
}

error_code read_service_status(Value value, ServiceItem& item) {
  return each_field(value, [&item](std::string_view key, Value child) {
    if (key != "loadBalancer") return good;
    return tolerate(each_field(child, [&item](std::string_view name, Value inner) {
      return name == "ingress" ? tolerate(read_ingress(inner, item)) : good;
    }));
  });
}

// ---- slices

error_code read_target(Value value, SliceItem::Target& target) {
  std::string_view kind;
  std::string_view name;
  const auto error = tolerate(each_field(value, [&](std::string_view key, Value child) {
    if (key == "kind") return text(child, kind);
    if (key == "name") return text(child, name);
    return good;
  }));
  if (kind == "Pod") target.pod = name;
  return error;
}

error_code read_endpoints(Value value, SliceItem::Group& group) {
  return each_element(value, [&group](Value element) {
    SliceItem::Target target;
    const auto error = each_field(element, [&target](std::string_view key, Value child) {
      if (key == "targetRef") return read_target(child, target);
      if (key == "ip") return text(child, target.ip);  // In an Endpoints object.
      if (key != "addresses") return good;
      std::vector<std::string_view> addresses;
      const auto bad = read_texts(child, addresses);
      if (!addresses.empty()) target.ip = addresses.front();
      return bad;
    });
    if (!target.pod.empty() || !target.ip.empty()) group.targets.push_back(target);
    return error;
  });
}

error_code read_slice_ports(Value value, SliceItem::Group& group) {
  return each_element(value, [&group](Value element) {
    SliceItem::Port& port = group.ports.emplace_back();
    return each_field(element, [&port](std::string_view key, Value child) {
      if (key == "name") return text(child, port.name);
      if (key == "protocol") return text(child, port.protocol);
      if (key == "port") return number(child, port.port);
      return good;
    });
  });
}

error_code read_subsets(Value value, SliceItem& item) {
  return each_element(value, [&item](Value element) {
    SliceItem::Group& group = item.groups.emplace_back();
    return each_field(element, [&group](std::string_view key, Value child) {
      if (key == "ports") return tolerate(read_slice_ports(child, group));
      const bool told = key == "addresses" || key == "notReadyAddresses";
      return told ? tolerate(read_endpoints(child, group)) : good;
    });
  });
}

/// The only group of an EndpointSlice.
SliceItem::Group& group_of(SliceItem& item) {
  return item.groups.empty() ? item.groups.emplace_back() : item.groups.front();
}

template <class T>
void reuse(std::vector<T>& memory, std::vector<T>& into) {
  memory.clear();
  into = std::move(memory);
}

}  // namespace

void clear(PodItem& item) {
  PodItem fresh;
  reuse(item.meta.labels, fresh.meta.labels);
  reuse(item.meta.annotations, fresh.meta.annotations);
  reuse(item.containers, fresh.containers);
  reuse(item.ports, fresh.ports);
  reuse(item.ips, fresh.ips);
  reuse(item.statuses, fresh.statuses);
  item = std::move(fresh);
}

error_code read_field(PodItem& item, std::string_view key, Value value) {
  if (key == "metadata") return note(item, key, "an object", read_meta(value, item.meta));
  if (key == "spec") return note(item, key, "an object", read_spec(value, item));
  if (key == "status") return note(item, key, "an object", read_pod_status(value, item));
  return good;
}

error_code read_field(ServiceItem& item, std::string_view key, Value value) {
  if (key == "metadata") return tolerate(read_meta(value, item.meta));
  if (key == "spec") return tolerate(read_service_spec(value, item));
  if (key == "status") return tolerate(read_service_status(value, item));
  return good;
}

error_code read_field(SliceItem& item, std::string_view key, Value value) {
  if (key == "metadata") return tolerate(read_meta(value, item.meta));
  if (key == "endpoints") return tolerate(read_endpoints(value, group_of(item)));
  if (key == "ports") return tolerate(read_slice_ports(value, group_of(item)));
  if (key == "subsets") return tolerate(read_subsets(value, item));
  return good;
}

error_code read_field(StatusItem& item, std::string_view key, Value value) {
  if (key == "reason") return text(value, item.reason);
  if (key == "message") return text(value, item.message);
  if (key == "code") return number(value, item.code);
  return good;
}

}  // namespace rollcall::kubernetes
