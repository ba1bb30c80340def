// A private, real API server of Kubernetes and its etcd.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>

#include "support/certificates.hpp"
#include "support/kubernetes_api.hpp"
#include "support/process.hpp"
#include "support/sandbox.hpp"

namespace rollcall::support {

/// What a rule of RBAC allows: "get list watch" on "pods", of "" or another group of the API.
struct KubernetesRule {
  std::string resources;
  std::string api_group = {};
  std::string verbs = "get list watch";
};

/// The API server that scripts/kube-apiserver builds, or ROLLCALL_KUBE_APISERVER names, and
/// Debian's etcd, on the loopback of a sandbox. There are no controllers and no kubelets: the test
/// sets the state of pods.
///
/// Users are `admin`, who may do everything, and viewer, tenant and nobody, who may do nothing
/// until allow(). The token of each is its name followed by "-token". Calls throw, with the
/// server's answer, if the server refuses or fails.
class KubernetesCluster {
 public:
  KubernetesCluster();
  KubernetesCluster(const KubernetesCluster&) = delete;
  KubernetesCluster& operator=(const KubernetesCluster&) = delete;
  ~KubernetesCluster() = default;

  /// Starts the API server, for the first time or again, and waits until it is ready. Without a
  /// watch cache, watches come from etcd directly.
  void start(bool watch_cache = true);
  void kill9();      ///< Kills the API server, if it has not ended; etcd keeps running.
  void terminate();  ///< SIGTERM: it accepts no more connections, and keeps its watches for 10 s.
  [[nodiscard]] bool ends(std::chrono::seconds deadline);  ///< After terminate().
  void freeze();
  void thaw();

  void kill_etcd9();
  void start_etcd();
  void freeze_etcd();
  void thaw_etcd();
  void compact();                               ///< etcd forgets the history up to now.
  void remove_behind_its_back(const Pod& pod);  ///< From etcd, as if by another API server.

  [[nodiscard]] bool answers() const;

  [[nodiscard]] const Sandbox& room() const noexcept { return sandbox_; }
  [[nodiscard]] static std::string endpoint() { return "https://127.0.0.1:6443"; }
  [[nodiscard]] static std::string endpoint_of_etcd() { return "http://127.0.0.1:2379"; }
  [[nodiscard]] const Identity& authority() const noexcept { return authority_; }
  [[nodiscard]] std::string log() const { return log_.text(); }

  /// A client with the rights of admin.
  [[nodiscard]] KubernetesApi& api() { return *api_; }
  [[nodiscard]] KubernetesApi api_of(const std::string& token) const;

  /// Calls `act` for each number below the count, on a few connections at once.
  void at_once(std::size_t count,
               const std::function<void(KubernetesApi&, std::size_t)>& act) const;

  /// A file with a kubeconfig of one context, named "test", whose user has this line of YAML.
  std::string kubeconfig(const std::string& name, const std::string& user,
                         const std::string& group = "default") const;
  std::string kubeconfig_of(const std::string& user, const std::string& group = "default") const {
    return kubeconfig(user, "token: " + user + "-token", group);
  }

  /// Starts `kubectl proxy`, which serves HTTP without TLS on a Unix socket for that user.
  [[nodiscard]] Process proxy(const std::string& user, const std::string& socket) const;

  /// Writes a file beside the kubeconfigs; returns its path.
  std::string write(const std::string& name, const std::string& text) const;

  /// A token of a service account in that namespace; makes the account if there is none.
  std::string account_token(const std::string& group, const std::string& account);
  void remove_account(const std::string& group, const std::string& account);

  /// Grants rules in all namespaces, or in one, and waits until they are in force. A service
  /// account is the user "NAMESPACE:NAME".
  void allow(const std::string& user, const std::vector<KubernetesRule>& rules,
             const std::string& group = {});
  /// Waits until the server allows it; throws if it never does.
  void wait_until_allowed(const std::string& user, const KubernetesRule& rule,
                          const std::string& group = {});
  void forbid(const std::string& user, const std::string& group = {});

 private:
  void prepare();
  [[nodiscard]] Fd connect(std::uint16_t port) const;
  boost::json::value ask_etcd(std::string_view target, const boost::json::value& body) const;

  Sandbox sandbox_;
  Identity authority_ = make_authority();
  Capture log_;
  std::optional<Process> etcd_;
  std::optional<Process> server_;
  std::optional<KubernetesApi> api_;
};

/// The rules that a user needs who reads everything.
std::vector<KubernetesRule> reading_rules();

/// One sentence for each way in which the instances, by id, differ from the pods that the server
/// lists: missing ones, ghosts, other names, states, addresses or labels. Empty `group`: of all
/// namespaces.
std::vector<std::string> kubernetes_differences(const std::map<std::string, InstancePtr>& instances,
                                                KubernetesApi& api, std::string_view group = {});

}  // namespace rollcall::support
