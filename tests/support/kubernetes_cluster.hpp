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
/// Debian's etcd, on loopback in a room of their own. No controllers and no kubelets: pods are what
/// the test says.
///
/// Users are `admin`, who may do all, and viewer, tenant and nobody, who may do nothing until
/// allow(). Each has a token of its own name followed by "-token". Calls throw, with what the
/// server said, if it does not do what it was told.
class KubernetesCluster {
 public:
  KubernetesCluster();
  KubernetesCluster(const KubernetesCluster&) = delete;
  KubernetesCluster& operator=(const KubernetesCluster&) = delete;
  ~KubernetesCluster() = default;

  /// The API server, and waits until it is ready; also after its end. Without a cache of watches
  /// they are etcd's own.
  void start(bool watch_cache = true);
  void kill9();      ///< The API server, if it has not ended; etcd goes on.
  void terminate();  ///< SIGTERM: it takes no more connections, and keeps its watches for 10 s.
  [[nodiscard]] bool ends(std::chrono::seconds deadline);  ///< After terminate().
  void freeze();
  void thaw();

  void kill_etcd9();
  void start_etcd();
  void freeze_etcd();
  void thaw_etcd();
  void compact();                               ///< etcd forgets all that was before now.
  void remove_behind_its_back(const Pod& pod);  ///< From etcd, as if another server had done it.

  [[nodiscard]] bool answers() const;

  [[nodiscard]] const Sandbox& room() const noexcept { return sandbox_; }
  [[nodiscard]] static std::string endpoint() { return "https://127.0.0.1:6443"; }
  [[nodiscard]] static std::string endpoint_of_etcd() { return "http://127.0.0.1:2379"; }
  [[nodiscard]] const Identity& authority() const noexcept { return authority_; }
  [[nodiscard]] std::string log() const { return log_.text(); }

  /// As admin.
  [[nodiscard]] KubernetesApi& api() { return *api_; }
  [[nodiscard]] KubernetesApi api_of(const std::string& token) const;

  /// Does it for each number below the count, on a few connections at once.
  void at_once(std::size_t count,
               const std::function<void(KubernetesApi&, std::size_t)>& act) const;

  /// A file with a kubeconfig of one context, named "test", whose user has this line of YAML.
  std::string kubeconfig(const std::string& name, const std::string& user,
                         const std::string& group = "default") const;
  std::string kubeconfig_of(const std::string& user, const std::string& group = "default") const {
    return kubeconfig(user, "token: " + user + "-token", group);
  }

  /// kubectl, which speaks HTTP without TLS on a Unix socket for that user, as long as it runs.
  [[nodiscard]] Process proxy(const std::string& user, const std::string& socket) const;

  /// Writes a file beside the kubeconfigs; its path.
  std::string write(const std::string& name, const std::string& text) const;

  /// A token of a service account of that namespace, which is made if there is none.
  std::string account_token(const std::string& group, const std::string& account);
  void remove_account(const std::string& group, const std::string& account);

  /// In all namespaces, or in one, and waits until it is in force. A service account is the user
  /// "NAMESPACE:NAME".
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

/// The rules that a reader of all needs.
std::vector<KubernetesRule> reading_rules();

/// One sentence for each way in which the instances, by id, differ from the pods that the server
/// lists: missing ones, ghosts, other names, states, addresses or labels. Empty `group`: of all
/// namespaces.
std::vector<std::string> kubernetes_differences(const std::map<std::string, InstancePtr>& instances,
                                                KubernetesApi& api, std::string_view group = {});

}  // namespace rollcall::support
