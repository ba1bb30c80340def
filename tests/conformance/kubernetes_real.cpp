// A real API server that belongs to the tests. Its start takes seconds, so all tests of a program
// share it, and each begins without pods.
#include <chrono>
#include <map>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <rollcall/options/kubernetes.hpp>
#include <sched.h>

#include "conformance/backend_under_test.hpp"
#include "support/kubernetes_cluster.hpp"

namespace rollcall::conformance {
namespace {

using support::KubernetesCluster;
using support::Pod;

constexpr std::chrono::milliseconds moment{5};
constexpr const char* all_pods = "default";
constexpr const char* address = "10.9.9.9";

KubernetesCluster& cluster() {
  static KubernetesCluster one;
  static const bool read = [] {
    one.allow("viewer", support::reading_rules());
    return true;
  }();
  static_cast<void>(read);
  return one;
}

/// Moves the calling thread to the cluster's network for its lifetime.
class Visit {
 public:
  Visit() : home_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
    cluster().room().join_network();
  }
  ~Visit() { ::setns(home_.get(), CLONE_NEWNET); }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

 private:
  support::Fd home_;
};

class KubernetesReal final : public BackendUnderTest {
 public:
  KubernetesReal() {
    if (!cluster().answers()) {
      cluster().kill9();
      cluster().start();
    }
    cluster().api().remove_all_pods(all_pods);
  }

  [[nodiscard]] std::unique_ptr<RuntimeBackend> make(MakeOptions options) override {
    BackendOptions backend;
    backend.endpoint = options.endpoint;
    backend.of<KubernetesOptions>().kubeconfig = cluster().kubeconfig_of("viewer");
    backend.include_stopped = options.include_stopped;
    backend.log = options.log;
    auto made =
        make_backend(RuntimeBackendKind::kubernetes, std::move(backend), io_.get_executor());
    if (!made) throw std::runtime_error(made.error().describe());
    return std::move(*made);
  }

  [[nodiscard]] std::string name() const override { return "kubernetes"; }
  [[nodiscard]] std::string endpoint() const override { return KubernetesCluster::endpoint(); }
  [[nodiscard]] boost::asio::io_context& io() override { return io_; }
  [[nodiscard]] std::string_view lacks(Ability ability) const override {
    switch (ability) {
      case Ability::automatic:
        return "a cluster is called only when it is named";
      case Ability::lasting_ids:
        return "a pod that has ended does not run again";
      case Ability::renaming:
        return "a pod keeps its name";
      default:
        return {};
    }
  }

  /// Pods cannot be paused; between two runs of its containers a pod is restarting.
  [[nodiscard]] InstanceState paused() const override { return InstanceState::restarting; }

  void let_pass() override {
    io_.restart();
    io_.run_one_for(moment);
    io_.poll();
  }

  std::string create(const std::string& name) override {
    return remember(cluster().api().create({.name = name}));
  }
  std::string run(const std::string& name) override {
    return remember(cluster().api().run({.name = name}));
  }
  void stop(const std::string& id) override {
    cluster().api().set_status(pods_.at(id), {{"phase", "Succeeded"}});
  }
  void restart(const std::string& /*id*/) override {}
  void pause(const std::string& id) override {
    boost::json::object status = support::running_status(address);
    auto& container = status["containerStatuses"].as_array()[0].as_object();
    container["state"] = {{"waiting", {{"reason", "CrashLoopBackOff"}}}};
    cluster().api().set_status(pods_.at(id), status);
  }
  void unpause(const std::string& id) override {
    cluster().api().set_status(pods_.at(id), support::running_status(address));
  }
  void rename(const std::string& id, const std::string& name) override {
    cluster().api().label(pods_.at(id), "word", name);
  }
  void remove(const std::string& id) override { cluster().api().remove(pods_.at(id)); }
  void hang_up(const std::string& id) override {
    cluster().api().merge(pods_.at(id).target(),
                          {{"metadata", {{"annotations", {{"example.org/seen", "yes"}}}}}});
  }
  std::string run_crashing(const std::string& name) override {
    std::string id = run(name);
    pause(id);
    return id;
  }

  void kill_engine() override { cluster().kill9(); }
  void start_engine() override { cluster().start(); }

  [[nodiscard]] std::string broken_endpoint(ConnectFault fault) override {
    if (fault == ConnectFault::missing) return "unix:///nonexistent/kubernetes.sock";
    if (fault == ConnectFault::refused) cluster().kill9();
    if (fault == ConnectFault::mute) cluster().freeze();
    if (fault == ConnectFault::not_this_api) return "tcp://127.0.0.1:2379";  // its etcd
    return endpoint();
  }

  [[nodiscard]] std::vector<std::string> differences(
      const std::map<std::string, InstancePtr>& instances) override {
    return support::kubernetes_differences(instances, cluster().api());
  }

 private:
  std::string remember(Pod pod) {
    std::string id = pod.uid;
    pods_.insert_or_assign(id, std::move(pod));
    return id;
  }

  Visit visit_;
  boost::asio::io_context io_;
  std::map<std::string, Pod> pods_;  // By uid.
};

}  // namespace

std::unique_ptr<BackendUnderTest> kubernetes_real() {
  return std::make_unique<KubernetesReal>();
}

}  // namespace rollcall::conformance
