// How the state of a scripted Kubernetes API server changes.
#include <stdexcept>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include "core/text/text.hpp"
#include "support/scripted_kubernetes.hpp"

namespace rollcall::test {
namespace {

namespace json = boost::json;

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

const json::object& meta_of(const json::object& object) {
  return object.at("metadata").as_object();
}

std::string key_of(const json::object& object) {
  return text_at(meta_of(object), "namespace") + "/" + text_at(meta_of(object), "name");
}

json::object new_pod(const std::string& name, const std::string& name_space, std::size_t number,
                     const std::string& now) {
  json::object fields;  // never read, and most of a pod's size
  for (int i = 0; i < 12; ++i) {
    fields[fmt::format("f:spec.containers.k:{{\"name\":\"c{}\"}}", i)] = {
        {".", json::object()}, {"f:image", json::object()}, {"f:resources", json::object()}};
  }
  return {{"kind", "Pod"},
          {"apiVersion", "v1"},
          {"metadata",
           {{"name", name},
            {"namespace", name_space},
            {"uid", fmt::format("00000000-0000-4000-8000-{:012}", number)},
            {"creationTimestamp", now},
            {"labels", {{"app", name}}},
            {"managedFields",
             {{{"manager", "kubelet"}, {"fieldsType", "FieldsV1"}, {"fieldsV1", fields}}}}}},
          {"spec",
           {{"nodeName", "node-1"},
            {"containers",
             {{{"name", "main"},
               {"image", "registry.example.com/" + name + ":1"},
               {"ports", {{{"name", "http"}, {"containerPort", 8080}, {"protocol", "TCP"}}}}}}}}},
          {"status", {{"phase", "Pending"}, {"hostIP", "192.0.2.10"}}}};
}

json::object running_container(const std::string& since) {
  return {{"name", "main"}, {"ready", true}, {"state", {{"running", {{"startedAt", since}}}}}};
}

void set_running(json::object& pod, const std::string& since) {
  json::object& status = pod["status"].as_object();
  status["phase"] = "Running";
  status["podIP"] = "10.1.0.7";
  status["podIPs"] = {{{"ip", "10.1.0.7"}}};
  status["conditions"] = {{{"type", "Ready"}, {"status", "True"}}};
  status["containerStatuses"] = json::array{running_container(since)};
}

}  // namespace

// ---- pods

json::object& ScriptedKubernetes::pod_at(const std::string& uid) {
  for (auto& [key, object] : objects_["pods"]) {
    if (text_at(meta_of(object), "uid") == uid) return object;
  }
  throw std::out_of_range("no pod has the UID " + uid);
}

const json::object& ScriptedKubernetes::pod(const std::string& uid) {
  return pod_at(uid);
}

std::string ScriptedKubernetes::create(const std::string& name, const std::string& name_space) {
  json::object pod = new_pod(name, name_space, ++pods_made_, to_rfc3339(env_->now()));
  const std::string uid = text_at(meta_of(pod), "uid");
  stamp(pod);
  objects_["pods"].insert_or_assign(key_of(pod), pod);
  tell("pods", "ADDED", pod, false);
  return uid;
}

std::string ScriptedKubernetes::run(const std::string& name, const std::string& name_space) {
  std::string uid = create(name, name_space);
  recover(uid);
  return uid;
}

void ScriptedKubernetes::change(const std::string& uid,
                                const std::function<void(json::object&)>& change, bool told) {
  json::object& pod = pod_at(uid);
  const json::object before = pod;
  change(pod);
  stamp(pod);
  if (!told) return;
  const bool matched = meta_of(before) != meta_of(pod);  // it may have left a selector
  tell("pods", "MODIFIED", pod, matched);
}

void ScriptedKubernetes::complete(const std::string& uid) {
  change(uid, [](json::object& pod) { pod["status"].as_object()["phase"] = "Succeeded"; });
}

void ScriptedKubernetes::restart(const std::string& uid) {
  recover(uid);
}

void ScriptedKubernetes::crash(const std::string& uid) {
  change(uid, [](json::object& pod) {
    json::object& status = pod["status"].as_object();
    status["containerStatuses"] =
        json::array{{{"name", "main"}, {"state", {{"waiting", {{"reason", "CrashLoopBackOff"}}}}}}};
    status["conditions"] = {{{"type", "Ready"}, {"status", "False"}}};
  });
}

void ScriptedKubernetes::recover(const std::string& uid) {
  const std::string now = to_rfc3339(env_->now());
  change(uid, [&now](json::object& pod) { set_running(pod, now); });
}

void ScriptedKubernetes::relabel(const std::string& uid, const std::string& word) {
  change(uid, [&word](json::object& pod) {
    pod["metadata"].as_object()["labels"].as_object()["word"] = word;
  });
}

void ScriptedKubernetes::tell_as(const std::string& type, const std::string& uid) {
  json::object& pod = pod_at(uid);
  stamp(pod);
  tell("pods", type, pod, false);
}

void ScriptedKubernetes::touch(const std::string& uid) {
  change(uid, [](json::object& /*pod*/) {});
}

void ScriptedKubernetes::remove(const std::string& uid) {
  const std::string now = to_rfc3339(env_->now());
  change(uid,
         [&now](json::object& pod) { pod["metadata"].as_object()["deletionTimestamp"] = now; });
  json::object pod = pod_at(uid);
  stamp(pod);
  objects_["pods"].erase(key_of(pod));
  tell("pods", "DELETED", pod, true);
}

void ScriptedKubernetes::remove_silently(const std::string& uid) {
  objects_["pods"].erase(key_of(pod_at(uid)));
  ++version_;
}

// ---- other objects

void ScriptedKubernetes::put(const std::string& resource, json::object object) {
  json::object& metadata = object["metadata"].as_object();
  if (!metadata.contains("namespace")) metadata["namespace"] = "default";
  stamp(object);
  const auto [at, fresh] = objects_[resource].insert_or_assign(key_of(object), object);
  tell(resource, fresh ? "ADDED" : "MODIFIED", object, !fresh);
}

void ScriptedKubernetes::erase(const std::string& resource, const std::string& name,
                               const std::string& name_space) {
  const auto at = objects_[resource].find(name_space + "/" + name);
  json::object object = at->second;
  objects_[resource].erase(at);
  stamp(object);
  tell(resource, "DELETED", object, true);
}

json::object scripted_service(const std::string& name, const std::string& cluster_ip, int port) {
  return {{"metadata", {{"name", name}}},
          {"spec",
           {{"type", "ClusterIP"},
            {"clusterIP", cluster_ip},
            {"clusterIPs", {cluster_ip}},
            {"ports", {{{"name", "http"}, {"protocol", "TCP"}, {"port", port}}}}}},
          {"status", {{"loadBalancer", json::object()}}}};
}

json::object scripted_slice(const std::string& name, const std::string& service, int port,
                            const std::vector<std::string>& pods) {
  json::array endpoints;
  for (const std::string& pod : pods) {
    endpoints.push_back({{"addresses", {"10.1.0.7"}},
                         {"conditions", {{"ready", true}}},
                         {"targetRef", {{"kind", "Pod"}, {"name", pod}}}});
  }
  return {{"metadata", {{"name", name}, {"labels", {{"kubernetes.io/service-name", service}}}}},
          {"addressType", "IPv4"},
          {"endpoints", endpoints},
          {"ports", {{{"name", "http"}, {"protocol", "TCP"}, {"port", port}}}}};
}

}  // namespace rollcall::test
