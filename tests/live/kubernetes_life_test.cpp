// The life of pods on a real API server, in the events of a watch.
#include <algorithm>
#include <string>
#include <vector>

#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <rollcall/options/kubernetes.hpp>

#include "live/kubernetes_live.hpp"

namespace rollcall::support {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::Field;

class KubernetesLife : public KubernetesLive {};

// Adds a container to the status, as its kubelet reports it; `state` is one of its states.
json::object with_container(json::object status, const json::object& state, bool ready) {
  json::object& container = status["containerStatuses"].as_array()[0].as_object();
  container["state"] = state;
  container["ready"] = ready;
  status["conditions"].as_array()[0].as_object()["status"] = ready ? "True" : "False";
  return status;
}

TEST_F(KubernetesLife, of_one_pod_from_its_making_to_its_end) {
  start_watch();
  const Pod web = api().create({.name = "web-5d4f-x",
                                .group = group(),
                                .labels = {{"app", "web"}, {"pod-template-hash", "5d4f"}},
                                .annotations = {{"rollcall.dev/name", "shop"}},
                                .ports = {{.name = "http", .number = 8080}},
                                .node = "node-1",
                                .owner = {{"apiVersion", "apps/v1"},
                                          {"kind", "ReplicaSet"},
                                          {"name", "web-5d4f"},
                                          {"uid", "1"},
                                          {"controller", true}}});
  pass_a_marker();
  EXPECT_EQ(history(web), "") << "one that is pending does not run";
  api().set_running(web, "10.9.0.1");
  ASSERT_TRUE(starts(web));
  const auto it = told(web);
  EXPECT_EQ(it->key.backend, "kubernetes");
  EXPECT_EQ(it->key.endpoint, KubernetesCluster::endpoint());
  EXPECT_EQ(it->kind, InstanceKind::pod);
  EXPECT_EQ(it->name, "web-5d4f-x");
  EXPECT_EQ(it->group, group());
  EXPECT_EQ(it->service, "web") << "a ReplicaSet is resolved to its Deployment";
  EXPECT_EQ(it->node, "node-1");
  EXPECT_EQ(it->image, "registry.example/web:1.0");
  EXPECT_EQ(it->health, Health::healthy);
  EXPECT_THAT(it->ports, Contains(Field(&PortMapping::container_port, 8080)));
  ASSERT_TRUE(it->metadata);
  EXPECT_EQ(it->metadata->name->value, "shop");

  api().label(web, "tier", "front");
  EXPECT_TRUE(becomes(web, [](const Instance& i) { return i.labels.find("tier") == "front"; }));
  api().set_status(web, with_container(running_status("10.9.0.1"),
                                       {{"waiting", {{"reason", "CrashLoopBackOff"}}}}, false));
  EXPECT_TRUE(becomes(web, [](const Instance& i) {
    return i.state == InstanceState::restarting && i.reason == "CrashLoopBackOff";
  }));
  api().set_running(web, "10.9.0.1");
  EXPECT_TRUE(becomes(web, [](const Instance& i) { return i.state == InstanceState::running; }));
  EXPECT_EQ(history(web), "started updated updated updated");

  // Without a kubelet, deleting only marks the pod.
  api().call("DELETE", web.target(), R"({"gracePeriodSeconds":30})");
  EXPECT_TRUE(stops(web));
  api().remove(web);
  pass_a_marker();
  EXPECT_EQ(history(web), "started updated updated updated stopped");
}

TEST_F(KubernetesLife, of_one_that_is_made_anew_under_its_name) {
  start_watch();
  const Pod first = run("db-0");
  ASSERT_TRUE(starts(first));
  api().remove(first);
  const Pod second = run("db-0");
  ASSERT_TRUE(starts(second));
  EXPECT_EQ(history(first), "started stopped");
  EXPECT_EQ(history(second), "started");
}

TEST_F(KubernetesLife, of_one_that_completes_is_over) {
  start_watch();
  const Pod job = run("job");
  ASSERT_TRUE(starts(job));
  api().set_status(job, {{"phase", "Succeeded"}});
  EXPECT_TRUE(stops(job));
  api().label(job, "seen", "yes");
  pass_a_marker();
  EXPECT_EQ(history(job), "started stopped");
}

TEST_F(KubernetesLife, of_a_thousand_that_come_change_and_go) {
  constexpr std::size_t many = 1000;
  start_watch();
  std::vector<Pod> pods(many);
  cluster().at_once(many, [&](KubernetesApi& api, std::size_t i) {
    pods[i] = api.run({.name = fmt::format("p{}", i), .group = group()},
                      fmt::format("10.10.{}.{}", i / 250, i % 250 + 1));
  });
  EXPECT_TRUE(watched().wait_until(
      [&](const CheckedFold& fold) { return fold.count("started") == many; }, 60s));
  cluster().at_once(many, [&](KubernetesApi& api, std::size_t i) {
    if (i % 2 == 0) api.label(pods[i], "round", "two");
    if (i % 2 == 1) api.remove(pods[i]);
  });
  EXPECT_TRUE(watched().wait_until(
      [&](const CheckedFold& fold) { return fold.running().size() == many / 2; }, 60s));
  expect_agreement();
  api().remove_all_pods(group());
  EXPECT_TRUE(
      watched().wait_until([&](const CheckedFold& fold) { return fold.running().empty(); }, 60s));
  const auto fold = watched().fold();
  EXPECT_EQ(fold.count("backend_disconnected"), 0U);
  EXPECT_EQ(fold.count("started"), many);
}

bool is_reached(const Instance& it, std::uint16_t port) {
  return std::ranges::any_of(it.ports,
                             [&](const PortMapping& mapping) { return mapping.host_port == port; });
}

TEST_F(KubernetesLife, of_services_is_told_of_the_pods_behind_them_alone) {
  start_watch();
  const Pod one = run("web-1");
  const Pod two = run("web-2");
  const Pod other = run("other", "db");
  for (const Pod& pod : {one, two, other}) ASSERT_TRUE(starts(pod));
  api().create_service(group(), "web", "web", "NodePort");
  pass_a_marker();
  EXPECT_EQ(history(one), "started") << "nothing is behind it yet";
  api().create_slice("web", {one, two});
  for (const Pod& pod : {one, two}) {
    EXPECT_TRUE(becomes(pod, [](const Instance& it) { return is_reached(it, 80); }));
    const auto ports = told(pod)->ports;
    EXPECT_THAT(ports, Contains(Field(&PortMapping::scope, PortScope::published)))
        << "its node port";
  }
  api().remove_slice(group(), "web");
  for (const Pod& pod : {one, two}) {
    EXPECT_TRUE(becomes(pod, [](const Instance& it) { return !is_reached(it, 80); }));
  }
  api().create_slice("web", {two});
  EXPECT_TRUE(becomes(two, [](const Instance& it) { return is_reached(it, 80); }));
  api().remove_service(group(), "web");
  EXPECT_TRUE(becomes(two, [](const Instance& it) { return !is_reached(it, 80); }));
  pass_a_marker();
  EXPECT_EQ(history(one), "started updated updated");
  EXPECT_EQ(history(two), "started updated updated updated updated");
  EXPECT_EQ(history(other), "started");
}

TEST_F(KubernetesLife, of_those_that_a_selector_and_a_node_choose) {
  BackendOptions options = as("viewer");
  options.of<KubernetesOptions>().node = "node-7";
  options.of<KubernetesOptions>().selector = "app in (web),tier!=hidden";
  begin_watch(std::move(options));
  ASSERT_TRUE(watched().wait_synced());
  const auto make = [&](const std::string& name, const std::string& app, const std::string& node) {
    return api().run({.name = name, .group = group(), .labels = {{"app", app}}, .node = node},
                     "10.9.8.7");
  };
  const Pod elsewhere = make("elsewhere", "web", "node-8");
  const Pod another = make("another", "db", "node-7");
  const Pod chosen = make("chosen", "web", "node-7");
  ASSERT_TRUE(starts(chosen));
  EXPECT_EQ(history(elsewhere) + history(another), "");
  api().label(chosen, "tier", "hidden");  // The server reports that as its deletion.
  EXPECT_TRUE(stops(chosen));
  api().label(chosen, "tier", "front");
  EXPECT_TRUE(starts(chosen));
  EXPECT_EQ(history(chosen), "started stopped started");
  api().remove_all_pods(group());
}

}  // namespace
}  // namespace rollcall::support
