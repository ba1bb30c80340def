// Scripted Kubernetes API servers, an old one and a current one.
#include <memory>
#include <utility>

#include "backends/kubernetes/driver.hpp"
#include "conformance/http_scripted.hpp"
#include "support/scripted_kubernetes.hpp"

namespace rollcall::conformance {
namespace {

using test::ScriptedKubernetes;
using Family = ScriptedKubernetes::Family;

class KubernetesScripted final : public HttpScripted {
 public:
  explicit KubernetesScripted(Family family)
      : HttpScripted("kubernetes",
                     [](const Place& place, const BackendOptions& options, EnvPtr env, Wire wire) {
                       return kubernetes::make_driver(place, options, std::move(env),
                                                      std::move(wire));
                     }),
        kubernetes_(engine_io().get_executor(), shared_env(), family) {
    hello_target = "/version";
    stream_target = "watch=1&resourceVersion";
    list_target = "/pods?resourceVersion=";
    serve(kubernetes_);
  }

  [[nodiscard]] std::string_view lacks(Ability ability) const override {
    switch (ability) {
      case Ability::automatic:
        return "auto does not try it: a cluster is asked only when it is named, or from inside";
      case Ability::lasting_ids:
        return "a pod whose containers are started again goes on, and one that is made anew has "
               "another UID";
      case Ability::renaming:
        return "an object cannot be renamed";
      case Ability::stream_first:
        return "a watch goes on from where the list ends";
      case Ability::readings:
        return "a watch tells the whole new state, and nothing is read beside it";
      case Ability::periodic_lists:
        return "its watch is its truth: a reader that is too slow is ended, not cheated";
      default:
        return {};
    }
  }

  /// Pods cannot be paused; between two runs of its containers a pod is restarting.
  [[nodiscard]] InstanceState paused() const override { return InstanceState::restarting; }

  std::string create(const std::string& name) override { return kubernetes_.create(name); }
  std::string run(const std::string& name) override { return kubernetes_.run(name); }
  void stop(const std::string& id) override { kubernetes_.complete(id); }
  void restart(const std::string& id) override { kubernetes_.restart(id); }
  void pause(const std::string& id) override { kubernetes_.crash(id); }
  void unpause(const std::string& id) override { kubernetes_.recover(id); }
  void rename(const std::string& id, const std::string& name) override {
    kubernetes_.relabel(id, name);
  }
  void remove(const std::string& id) override { kubernetes_.remove(id); }
  void hang_up(const std::string& id) override { kubernetes_.touch(id); }
  std::string run_crashing(const std::string& name) override {
    std::string id = kubernetes_.run(name);
    kubernetes_.crash(id);
    return id;
  }

  void kill_engine() override {
    HttpScripted::kill_engine();
    kubernetes_.compact();
  }

  [[nodiscard]] std::string broken_endpoint(ConnectFault fault) override {
    kubernetes_.speaks_the_api = fault != ConnectFault::not_this_api;
    return HttpScripted::broken_endpoint(fault);
  }

  [[nodiscard]] std::vector<std::string> differences(
      const std::map<std::string, InstancePtr>& instances) override {
    std::map<std::string, std::string> here;
    for (const auto& [key, pod] : kubernetes_.objects("pods")) {
      const auto& status = pod.at("status").as_object();
      if (status.at("phase").as_string() != "Running") continue;
      const auto& container = status.at("containerStatuses").as_array().front().as_object();
      const bool runs = container.at("state").as_object().contains("running");
      const auto& metadata = pod.at("metadata").as_object();
      here[std::string(metadata.at("uid").as_string())] =
          fmt::format("{} {}", std::string_view(metadata.at("name").as_string()),
                      runs ? "running" : "restarting");
    }
    return compare(instances, here);
  }

  std::string rename_silently(const std::string& id, const std::string& name) override {
    const auto relabel = [&name](boost::json::object& pod) {
      pod["metadata"].as_object()["labels"].as_object()["word"] = name;
    };
    kubernetes_.change(id, relabel, false);
    return std::string(kubernetes_.pod(id).at("metadata").at("name").as_string());
  }
  void remove_silently(const std::string& id) override { kubernetes_.remove_silently(id); }
  void list_undecodable(const std::string& id) override {
    kubernetes_.raw_items.push_back(
        id.empty()
            ? R"({"metadata":{"name":"x","namespace":"default"},"spec":{}})"
            : fmt::format(R"({{"metadata":{{"name":"{}","uid":"{}"}},"spec":tru}})", id, id));
  }
  void signal_without_change(const std::string& id) override { kubernetes_.touch(id); }
  void signal_unknown(const std::string& id) override { kubernetes_.tell_as("TRANSFIGURED", id); }
  void signal_doubt() override { kubernetes_.expire(); }
  void repeat_signals(std::size_t count) override { kubernetes_.tell_again(count); }
  void end_stream() override { kubernetes_.end_streams(); }
  void lose_history() override { kubernetes_.compact(); }
  [[nodiscard]] ListText list_text() const override {
    return {.begin = R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},)"
                     R"("items":[)",
            .item = R"({"metadata":{"name":"endless","namespace":"default","uid":"endless",)"
                    R"("resourceVersion":"1"},"spec":{},"status":{"phase":"Running"}},)"};
  }
  [[nodiscard]] std::size_t unread_signals() const override { return kubernetes_.waiting(); }

 private:
  ScriptedKubernetes kubernetes_;
};

}  // namespace

std::unique_ptr<BackendUnderTest> kubernetes_scripted() {
  return std::make_unique<KubernetesScripted>(Family::v1_36);
}

std::unique_ptr<BackendUnderTest> kubernetes_1_20_scripted() {
  return std::make_unique<KubernetesScripted>(Family::v1_20);
}

}  // namespace rollcall::conformance
