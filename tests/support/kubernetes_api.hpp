// A small, blocking client of the Kubernetes API: the hand that moves the cluster in live tests.
//
// It shares no code with the library, so that the tests do not trust what they test.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "support/docker_api.hpp"
#include "support/process.hpp"

namespace rollcall::support {

struct PodPort {
  std::string name;
  std::uint16_t number = 0;
  std::uint16_t host_port = 0;  ///< 0: none.
};

/// The settings of a pod. No kubelet runs it: its status is what the test sets.
struct PodSpec {
  std::string name;
  std::string group = "default";
  std::map<std::string, std::string> labels = {};
  std::map<std::string, std::string> annotations = {};
  std::vector<PodPort> ports = {};
  std::string node = {};
  boost::json::object owner = {};  ///< An owner reference that controls it; empty: none.
};

/// A pod that was created.
struct Pod {
  std::string uid;
  std::string group;
  std::string name;

  [[nodiscard]] std::string target() const;  ///< Its path in the API.
};

/// Calls of one API server, on a connection that is kept. Each throws, with the server's answer, if
/// the server refuses or fails.
class KubernetesApi {
 public:
  /// How to connect. `connect` returns a connected socket; `authority` is PEM, empty: no TLS.
  struct Door {
    std::function<Fd()> connect;
    std::string authority = {};
    std::string token = {};
  };

  explicit KubernetesApi(Door door);
  ~KubernetesApi();
  KubernetesApi(KubernetesApi&&) noexcept;
  KubernetesApi& operator=(KubernetesApi&&) = delete;
  KubernetesApi(const KubernetesApi&) = delete;
  KubernetesApi& operator=(const KubernetesApi&) = delete;

  Reply call(std::string_view method, std::string_view target, std::string_view body = {},
             std::string_view content_type = "application/json",
             std::chrono::seconds deadline = std::chrono::seconds(30));

  boost::json::value get(std::string_view target);
  boost::json::value post(std::string_view target, const boost::json::value& body);
  boost::json::value merge(std::string_view target, const boost::json::value& change);
  void remove(std::string_view target);  ///< At once, without grace.

  Pod create(const PodSpec& spec);                                 ///< Pending.
  Pod run(const PodSpec& spec, std::string_view ip = "10.9.9.9");  ///< Running and ready.
  void set_running(const Pod& pod, std::string_view ip);
  void set_status(const Pod& pod, const boost::json::object& status);
  void label(const Pod& pod, std::string_view key, std::string_view value);
  void remove(const Pod& pod) { remove(pod.target()); }
  void remove_all_pods(std::string_view group);
  void create_group(std::string_view name);  ///< A namespace.

  /// A service that selects by `app`, with one port named "http".
  void create_service(std::string_view group, std::string_view name, std::string_view app,
                      std::string_view type = "ClusterIP");
  /// The slice of that service, with these pods behind port 8080.
  void create_slice(std::string_view service, const std::vector<Pod>& pods);
  void remove_service(std::string_view group, std::string_view name);
  void remove_slice(std::string_view group, std::string_view service);

 private:
  class Connection;

  Door door_;
  std::unique_ptr<Connection> connection_;
};

/// The status of a pod with a running, ready container.
boost::json::object running_status(std::string_view ip);

}  // namespace rollcall::support
