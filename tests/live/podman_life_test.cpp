// The life of Podman's containers and pods in the events of a watch.
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "live/podman_live.hpp"

namespace rollcall::support {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class PodmanLife : public PodmanLive {
 protected:
  std::string history(const std::string& id) { return watched().fold().history_of(id); }

  // Makes a change and waits for its event. An earlier change without an event by then has none.
  void pass_a_marker() {
    const auto id = api().run({.name = "marker", .network = "none"});
    ASSERT_TRUE(starts(id));
    api().remove(id);
    ASSERT_TRUE(stops(id));
  }

  bool has_ports(const std::string& id, std::size_t count) {
    return becomes(id, [count](const Instance& it) { return it.ports.size() == count; });
  }
};

TEST_F(PodmanLife, tells_ports_labels_and_addresses) {
  const auto id =
      api().run({.name = "web",
                 .labels = {{"odd", "a=b\n\"c\""}},
                 .ports = {{.container_port = 80, .host_port = 18080},
                           {.container_port = 53, .host_port = 15353, .protocol = "udp"},
                           {.container_port = 81, .host_port = 18081, .host_ip = "127.0.0.1"}}});
  ASSERT_TRUE(starts(id));
  expect_agreement();
  const auto web = watched().fold().find("web");
  EXPECT_EQ(web->key.backend, "podman");
  EXPECT_EQ(web->labels.find("odd"), "a=b\n\"c\"");
  EXPECT_TRUE(web->started_at);
  EXPECT_THAT(web->addresses, ElementsAre(::testing::Field(&Address::network, "podman")));
  EXPECT_EQ(web->ports.size(), 3U);
}

TEST_F(PodmanLife, tells_what_is_exposed_and_not_published) {
  const auto id = api().run({.name = "shy",
                             .ports = {{.container_port = 80, .host_port = 18080},
                                       {.container_port = 81, .host_port = 0},
                                       {.container_port = 53, .host_port = 0, .protocol = "udp"}}});
  EXPECT_TRUE(has_ports(id, 3)) << transcript(watched().fold());
  const auto& ports = watched().fold().find("shy")->ports;
  EXPECT_EQ(std::ranges::count(ports, PortScope::internal, &PortMapping::scope), 2);
}

TEST_F(PodmanLife, tells_all_ports_of_a_range) {
  const auto id = engine().run_with_range("ranger", 80, 18100, 3);
  EXPECT_TRUE(has_ports(id, 3));
}

TEST_F(PodmanLife, tells_pods_as_groups_and_their_ports_once) {
  const auto infra = engine().create_pod("shop", {{.container_port = 80, .host_port = 18090}});
  const auto first = engine().run_in_pod("shop", "first");
  const auto second = engine().run_in_pod("shop", "second");
  ASSERT_TRUE(has_ports(first, 1));
  ASSERT_TRUE(starts(second));
  expect_agreement();
  const auto fold = watched().fold();
  EXPECT_FALSE(fold.running().contains(infra));
  EXPECT_EQ(fold.running().at(first)->group, "shop");
  EXPECT_EQ(fold.running().at(second)->network_owner, infra);
  EXPECT_EQ(fold.running().at(second)->addresses.size(), 1U);
  EXPECT_THAT(fold.running().at(second)->ports, IsEmpty());
  api().stop(first);
  EXPECT_TRUE(has_ports(second, 1)) << "the next oldest has them now";
  api().start(first);
  EXPECT_TRUE(has_ports(first, 1));
  EXPECT_TRUE(has_ports(second, 0));
}

TEST_F(PodmanLife, tells_a_pod_that_is_paused_stopped_started_and_removed) {
  engine().create_pod("shop", {});
  const std::vector<std::string> ids = {engine().run_in_pod("shop", "one"),
                                        engine().run_in_pod("shop", "two")};
  for (const auto& id : ids) ASSERT_TRUE(starts(id));
  engine().act_on_pod("shop", "pause");
  for (const auto& id : ids) {
    EXPECT_TRUE(becomes(id, [](const Instance& it) { return it.state == InstanceState::paused; }));
  }
  engine().act_on_pod("shop", "unpause");
  engine().act_on_pod("shop", "stop?t=0");
  for (const auto& id : ids) EXPECT_TRUE(stops(id));
  engine().act_on_pod("shop", "start");
  for (const auto& id : ids) EXPECT_TRUE(starts(id));
  expect_agreement();
  engine().remove_pod("shop");
  for (const auto& id : ids) EXPECT_TRUE(stops(id));
}

TEST_F(PodmanLife, lists_infra_containers_only_with_those_that_do_not_run) {
  engine().create_pod("shop", {});
  engine().run_in_pod("shop", "member");
  api().create({.name = "never-started"});
  const auto names = [&](bool all) {
    BackendOptions options;
    options.endpoint = engine().endpoint();
    options.include_stopped = all;
    const auto list = WatchFold(RuntimeBackendKind::podman, options).list();
    EXPECT_TRUE(list) << list.error();
    std::vector<std::string> told;
    for (const auto& instance : *list) told.push_back(instance->name);
    std::ranges::sort(told);
    return told;
  };
  EXPECT_THAT(names(false), ElementsAre("member"));
  EXPECT_THAT(names(true), ElementsAre(::testing::EndsWith("-infra"), "member", "never-started"));
}

TEST_F(PodmanLife, tells_health_as_it_is_after_each_check) {
  const auto id = api().run({.name = "patient", .health_check = "test -e /well"});
  const auto is = [&](Health health) {
    return becomes(id, [health](const Instance& it) { return it.health == health; });
  };
  EXPECT_TRUE(is(Health::starting));
  engine().check_health(id);
  EXPECT_TRUE(is(Health::unhealthy)) << transcript(watched().fold());
  const auto made = api().post("/containers/" + id + "/exec", {{"Cmd", {"touch", "/well"}}});
  const auto exec = std::string(made.at("Id").as_string());
  ASSERT_EQ(api().call("POST", "/exec/" + exec + "/start", R"({"Detach":true})").status, 200);
  EXPECT_TRUE(eventually(std::chrono::seconds(10), [&] {
    engine().check_health(id);
    return is(Health::healthy);
  })) << transcript(watched().fold());
  expect_agreement();
}

TEST_F(PodmanLife, tells_pause_and_unpause) {
  const auto id = api().run({.name = "sleeper"});
  ASSERT_TRUE(starts(id));
  api().pause(id);
  EXPECT_TRUE(becomes(id, [](const Instance& it) { return it.state == InstanceState::paused; }));
  expect_agreement();
  const auto list = watched().list();
  ASSERT_TRUE(list) << list.error();
  EXPECT_EQ(list->size(), 1U) << "it is listed, too";
  api().unpause(id);
  EXPECT_TRUE(becomes(id, [](const Instance& it) { return it.state == InstanceState::running; }));
  EXPECT_EQ(history(id), "started updated updated");
}

TEST_F(PodmanLife, knows_whose_network_each_uses) {
  const auto owner =
      api().run({.name = "owner", .ports = {{.container_port = 80, .host_port = 18080}}});
  const auto guest = api().run({.name = "guest", .network = "container:" + owner});
  const auto on_host = api().run({.name = "on-host", .network = "host"});
  const auto alone = api().run({.name = "alone", .network = "none"});
  const auto uses = [&](const std::string& id, NetworkMode mode) {
    return becomes(id, [mode](const Instance& it) { return it.network_mode == mode; });
  };
  EXPECT_TRUE(uses(guest, NetworkMode::joined));
  EXPECT_EQ(watched().fold().find("guest")->network_owner, owner);
  EXPECT_TRUE(uses(on_host, NetworkMode::host));
  EXPECT_TRUE(uses(alone, NetworkMode::none));
  expect_agreement();
}

// Such a container makes Docker's list fail for all containers, until it is recreated.
TEST_F(PodmanLife, is_not_blinded_by_one_that_cannot_be_listed) {
  api().create_network("abroad");
  const auto sick = api().run({.name = "sick", .labels = {{"a", "b"}}});
  const auto well = api().run({.name = "well"});
  ASSERT_TRUE(starts(sick));
  ASSERT_TRUE(starts(well));
  api().pause(sick);
  api().connect_network("abroad", sick);
  ASSERT_EQ(api().call("GET", "/containers/json?all=1").status, 500) << "the fault is there";
  EXPECT_TRUE(becomes(sick, [](const Instance& it) {
    return it.state == InstanceState::paused && !it.problems.empty();
  })) << transcript(watched().fold());
  const auto list = watched().list();
  ASSERT_TRUE(list) << list.error();
  ASSERT_EQ(list->size(), 2U);
  const bool first = list->front()->name == "sick";
  EXPECT_EQ(list->at(first ? 0 : 1)->labels.find("a"), "b");
  EXPECT_THAT(list->at(first ? 1 : 0)->problems, IsEmpty());
  EXPECT_EQ(list->at(first ? 1 : 0)->addresses.size(), 1U);
  const auto later = api().run({.name = "later"});
  EXPECT_TRUE(starts(later)) << "the watch goes on";
  EXPECT_EQ(watched().fold().count("backend_disconnected"), 0U);
  api().unpause(sick);
  api().kill(sick);
  EXPECT_TRUE(stops(sick)) << transcript(watched().fold());
  // Its network was set up only in part, so removing it may fail.
  static_cast<void>(api().call("DELETE", "/containers/" + sick + "?force=1"));
}

TEST_F(PodmanLife, follows_chains_of_joined_networks) {
  const auto a = api().run({.name = "a",
                            .ports = {{.container_port = 80, .host_port = 18080},
                                      {.container_port = 81, .host_port = 0}}});
  const auto b = api().run({.name = "b", .network = "container:" + a});
  const auto c = api().run({.name = "c", .network = "container:" + b});
  ASSERT_TRUE(has_ports(c, 2)) << transcript(watched().fold());
  const auto before = watched().fold().find("a")->addresses;
  EXPECT_EQ(watched().fold().find("c")->addresses, before);
  api().restart(a);
  EXPECT_TRUE(becomes(c, [&](const Instance& it) {
    return !it.addresses.empty() && it.addresses != before;
  })) << transcript(watched().fold());
  EXPECT_TRUE(watched().wait_until([&](const CheckedFold& fold) {
    const auto owner = fold.running().find(a);
    return owner != fold.running().end() &&
           owner->second->addresses == fold.running().at(c)->addresses;
  })) << transcript(watched().fold());
  const auto host = api().run({.name = "host", .network = "host"});
  const auto guest = api().run({.name = "guest", .network = "container:" + host});
  const auto last = api().run({.name = "last", .network = "container:" + guest});
  const auto on_host = [](const Instance& it) { return it.network_mode == NetworkMode::host; };
  EXPECT_TRUE(becomes(guest, on_host));
  EXPECT_TRUE(becomes(last, on_host));
}

TEST_F(PodmanLife, tells_networks_that_come_and_go) {
  api().create_network("abroad");
  const auto id = api().run({.name = "traveller"});
  const auto has = [&](std::size_t count) {
    return becomes(id, [count](const Instance& it) { return it.addresses.size() == count; });
  };
  ASSERT_TRUE(has(1));
  api().connect_network("abroad", id);
  EXPECT_TRUE(has(2));
  api().disconnect_network("abroad", id);
  EXPECT_TRUE(has(1));
}

TEST_F(PodmanLife, tells_a_new_name_a_restart_and_no_signal) {
  const auto id = api().run({.name = "miss"});
  ASSERT_TRUE(starts(id));
  api().kill(id, "HUP");
  pass_a_marker();
  EXPECT_EQ(history(id), "started");
  api().rename(id, "mrs");
  EXPECT_TRUE(becomes(id, [](const Instance& it) { return it.name == "mrs"; }));
  api().restart(id);
  pass_a_marker();
  expect_agreement();
  // A reading just after its start may find it in the middle of its restart.
  EXPECT_THAT(history(id), ::testing::MatchesRegex("started updated (updated )?stopped started"));
}

TEST_F(PodmanLife, tells_the_end_of_a_stopped_a_killed_and_a_removed_one) {
  for (const std::string verb : {"stop", "kill", "remove"}) {
    SCOPED_TRACE(verb);
    const auto id = api().run({.name = "to-" + verb});
    ASSERT_TRUE(starts(id));
    if (verb == "stop") api().stop(id);
    if (verb == "kill") api().kill(id);
    if (verb == "remove") api().remove(id);
    EXPECT_TRUE(stops(id));
    EXPECT_EQ(history(id), "started stopped");
  }
}

}  // namespace
}  // namespace rollcall::support
