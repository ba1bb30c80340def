#include "support/kubernetes_api.hpp"

#include <charconv>
#include <stdexcept>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>
#include <fmt/format.h>

#include "support/tls_client.hpp"

namespace rollcall::support {
namespace {

namespace json = boost::json;

constexpr std::string_view slices = "/apis/discovery.k8s.io/v1beta1/namespaces/{}/endpointslices";

constexpr std::string_view at_once = R"({"gracePeriodSeconds":0,"propagationPolicy":"Background"})";

std::string text_in(const json::value& value, std::string_view key) {
  return json::value_to<std::string>(value.at(key));
}

std::size_t number_in(std::string_view text, int base) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{}) throw std::runtime_error(fmt::format("'{}' is no size", text));
  return number;
}

json::object object_of(const std::map<std::string, std::string>& texts) {
  json::object object;
  for (const auto& [key, value] : texts) object[key] = value;
  return object;
}

json::object body_of(const PodSpec& spec) {
  json::array ports;
  for (const PodPort& port : spec.ports) {
    json::object one{{"name", port.name}, {"containerPort", port.number}};
    if (port.host_port != 0) one["hostPort"] = port.host_port;
    ports.push_back(std::move(one));
  }
  json::object metadata{{"name", spec.name},
                        {"labels", object_of(spec.labels)},
                        {"annotations", object_of(spec.annotations)}};
  if (!spec.owner.empty()) metadata["ownerReferences"].emplace_array().push_back(spec.owner);
  json::object pod{
      {"containers",
       {{{"name", "main"}, {"image", "registry.example/web:1.0"}, {"ports", std::move(ports)}}}}};
  if (!spec.node.empty()) pod["nodeName"] = spec.node;
  return {{"metadata", std::move(metadata)}, {"spec", std::move(pod)}};
}

}  // namespace

// One connection and what it has received.
class KubernetesApi::Connection {
 public:
  explicit Connection(const Door& door) : client_(door.connect(), door.authority) {}

  Reply ask(const std::string& request, std::chrono::seconds deadline) {
    client_.set_deadline(deadline);
    client_.send(request);
    Reply reply;
    const std::string head = until("\r\n\r\n");
    reply.status = static_cast<int>(number_in(std::string_view(head).substr(9, 3), 10));
    if (head.contains("Transfer-Encoding: chunked")) {
      while (const std::size_t size = number_in(until("\r\n"), 16)) {
        reply.body += take(size);
        take(2);
      }
      take(2);
    } else if (const auto at = head.find("Content-Length: "); at != head.npos) {
      reply.body = take(number_in(std::string_view(head).substr(at + 16), 10));
    }
    return reply;
  }

 private:
  std::string until(std::string_view mark) {
    std::size_t at = 0;
    while ((at = received_.find(mark)) == received_.npos) received_ += client_.receive();
    std::string text = received_.substr(0, at);
    received_.erase(0, at + mark.size());
    return text;
  }

  std::string take(std::size_t size) {
    while (received_.size() < size) received_ += client_.receive();
    std::string text = received_.substr(0, size);
    received_.erase(0, size);
    return text;
  }

  TlsClient client_;
  std::string received_;
};

std::string Pod::target() const {
  return fmt::format("/api/v1/namespaces/{}/pods/{}", group, name);
}

json::object running_status(std::string_view ip) {
  constexpr std::string_view begun = "2026-11-20T08:00:00Z";
  return {{"phase", "Running"},
          {"podIP", ip},
          {"podIPs", {{{"ip", ip}}}},
          {"startTime", begun},
          {"conditions", {{{"type", "Ready"}, {"status", "True"}}}},
          {"containerStatuses",
           {{{"name", "main"},
             {"ready", true},
             {"started", true},
             {"restartCount", 0},
             {"image", "registry.example/web:1.0"},
             {"imageID", ""},
             {"containerID", "containerd://1"},
             {"state", {{"running", {{"startedAt", begun}}}}}}}}};
}

KubernetesApi::KubernetesApi(Door door) : door_(std::move(door)) {}
KubernetesApi::~KubernetesApi() = default;
KubernetesApi::KubernetesApi(KubernetesApi&&) noexcept = default;

Reply KubernetesApi::call(std::string_view method, std::string_view target, std::string_view body,
                          std::string_view content_type, std::chrono::seconds deadline) {
  std::string request = fmt::format(
      "{} {} HTTP/1.1\r\nHost: kubernetes\r\nUser-Agent: test\r\nAccept: application/json\r\n"
      "Content-Type: {}\r\nContent-Length: {}\r\n",
      method, target, content_type, body.size());
  if (!door_.token.empty()) request += fmt::format("Authorization: Bearer {}\r\n", door_.token);
  request += "\r\n";
  request += body;
  try {
    if (!connection_) connection_ = std::make_unique<Connection>(door_);
    return connection_->ask(request, deadline);
  } catch (...) {
    connection_.reset();
    throw;
  }
}

namespace {

json::value checked(std::string_view method, std::string_view target, const Reply& reply) {
  if (reply.status < 200 || reply.status > 299) {
    throw std::runtime_error(
        fmt::format("{} {}: HTTP {} {}", method, target, reply.status, reply.body));
  }
  return reply.body.empty() ? json::value() : json::parse(reply.body);
}

}  // namespace

json::value KubernetesApi::get(std::string_view target) {
  return checked("GET", target, call("GET", target));
}

json::value KubernetesApi::post(std::string_view target, const json::value& body) {
  return checked("POST", target, call("POST", target, json::serialize(body)));
}

json::value KubernetesApi::merge(std::string_view target, const json::value& change) {
  return checked("PATCH", target,
                 call("PATCH", target, json::serialize(change), "application/merge-patch+json"));
}

void KubernetesApi::remove(std::string_view target) {
  checked("DELETE", target, call("DELETE", target, at_once));
}

Pod KubernetesApi::create(const PodSpec& spec) {
  const json::value made =
      post(fmt::format("/api/v1/namespaces/{}/pods", spec.group), body_of(spec));
  return {.uid = text_in(made.at("metadata"), "uid"), .group = spec.group, .name = spec.name};
}

Pod KubernetesApi::run(const PodSpec& spec, std::string_view ip) {
  Pod pod = create(spec);
  set_running(pod, ip);
  return pod;
}

void KubernetesApi::set_running(const Pod& pod, std::string_view ip) {
  set_status(pod, running_status(ip));
}

void KubernetesApi::set_status(const Pod& pod, const json::object& status) {
  merge(pod.target() + "/status", {{"status", status}});
}

void KubernetesApi::label(const Pod& pod, std::string_view key, std::string_view value) {
  merge(pod.target(), {{"metadata", {{"labels", {{key, value}}}}}});
}

void KubernetesApi::remove_all_pods(std::string_view group) {
  const auto target = fmt::format("/api/v1/namespaces/{}/pods", group);
  // A server that does not finish in time answers 504 after it has removed some.
  Reply reply;
  do {
    reply = call("DELETE", target, at_once);
  } while (reply.status == 504);
  checked("DELETE", target, reply);
}

void KubernetesApi::create_group(std::string_view name) {
  post("/api/v1/namespaces", {{"metadata", {{"name", name}}}});
}

void KubernetesApi::create_service(std::string_view group, std::string_view name,
                                   std::string_view app, std::string_view type) {
  post(fmt::format("/api/v1/namespaces/{}/services", group),
       {{"metadata", {{"name", name}}},
        {"spec",
         {{"type", type},
          {"selector", {{"app", app}}},
          {"ports", {{{"name", "http"}, {"port", 80}, {"targetPort", 8080}}}}}}});
}

void KubernetesApi::create_slice(std::string_view service, const std::vector<Pod>& pods) {
  json::array endpoints;
  for (const Pod& pod : pods) {
    const json::value now = get(pod.target());
    endpoints.push_back(
        {{"addresses", {text_in(now.at("status"), "podIP")}},
         {"conditions", {{"ready", true}}},
         {"targetRef",
          {{"kind", "Pod"}, {"namespace", pod.group}, {"name", pod.name}, {"uid", pod.uid}}}});
  }
  const std::string& group = pods.front().group;
  post(fmt::format(slices, group),
       {{"metadata",
         {{"name", fmt::format("{}-1", service)},
          {"labels", {{"kubernetes.io/service-name", service}}}}},
        {"addressType", "IPv4"},
        {"ports", {{{"name", "http"}, {"port", 8080}, {"protocol", "TCP"}}}},
        {"endpoints", endpoints}});
}

void KubernetesApi::remove_service(std::string_view group, std::string_view name) {
  remove(fmt::format("/api/v1/namespaces/{}/services/{}", group, name));
}

void KubernetesApi::remove_slice(std::string_view group, std::string_view service) {
  remove(fmt::format("/apis/discovery.k8s.io/v1beta1/namespaces/{}/endpointslices/{}-1", group,
                     service));
}

}  // namespace rollcall::support
