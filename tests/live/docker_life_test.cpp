// The life of containers in the events of a watch.
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "live/docker_live.hpp"

namespace rollcall::support {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class DockerLife : public DockerLive {
 protected:
  std::string history(const std::string& id) { return watched().fold().history_of(id); }

  // Makes a change and waits for its event. An earlier change without an event by then has none.
  void pass_a_marker() {
    const auto id = api().run({.name = "marker", .network = "none"});
    ASSERT_TRUE(starts(id));
    api().remove(id);
    ASSERT_TRUE(stops(id));
  }
};

TEST_F(DockerLife, tells_ports_labels_and_addresses) {
  const auto id =
      api().run({.name = "web",
                 .labels = {{"rollcall.name", "shop"}, {"odd", "a=b\n\"c\""}},
                 .ports = {{.container_port = 80, .host_port = 18080},
                           {.container_port = 53, .host_port = 15353, .protocol = "udp"},
                           {.container_port = 81, .host_port = 18081, .host_ip = "127.0.0.1"},
                           {.container_port = 9000}}});
  ASSERT_TRUE(starts(id));
  expect_agreement();
  const auto web = watched().fold().find("web");
  EXPECT_EQ(web->key.backend, "docker");
  EXPECT_EQ(web->key.endpoint, engine().endpoint());
  EXPECT_EQ(web->labels.find("odd"), "a=b\n\"c\"");
  EXPECT_THAT(web->addresses, ElementsAre(::testing::Field(&Address::network, "bridge")));
  const PortMapping local{.host_ip = "127.0.0.1",
                          .host_port = 18081,
                          .container_port = 81,
                          .protocol = Protocol::tcp,
                          .name = "",
                          .scope = PortScope::published};
  EXPECT_THAT(web->ports, ::testing::Contains(local));
  EXPECT_TRUE(std::ranges::is_sorted(web->ports));
}

TEST_F(DockerLife, tells_what_was_there_from_what_came) {
  const auto before = api().run({.name = "before"});
  start_watch();
  ASSERT_TRUE(starts(before));
  const auto after = api().run({.name = "after"});
  ASSERT_TRUE(starts(after));
  std::vector<std::string> starts;
  for (const auto& event : watched().fold().events()) {
    if (const auto* started = std::get_if<Started>(&event)) {
      starts.push_back(fmt::format("{} {}", started->instance->name, to_string(started->cause)));
    }
  }
  EXPECT_THAT(starts, ElementsAre("before initial", "after live"));
}

TEST_F(DockerLife, tells_health) {
  const auto id =
      api().run({.name = "patient", .health_check = "test -e /well || { touch /well; exit 1; }"});
  EXPECT_TRUE(becomes(id, [](const Instance& it) { return it.health == Health::starting; }));
  EXPECT_TRUE(becomes(id, [](const Instance& it) { return it.health == Health::unhealthy; }));
  EXPECT_TRUE(becomes(id, [](const Instance& it) { return it.health == Health::healthy; }));
}

TEST_F(DockerLife, tells_pause_and_unpause) {
  const auto id = api().run({.name = "sleeper"});
  ASSERT_TRUE(starts(id));
  api().pause(id);
  EXPECT_TRUE(becomes(id, [](const Instance& it) { return it.state == InstanceState::paused; }));
  expect_agreement();
  api().unpause(id);
  EXPECT_TRUE(becomes(id, [](const Instance& it) { return it.state == InstanceState::running; }));
  EXPECT_EQ(history(id), "started updated updated");
}

TEST_F(DockerLife, tells_a_new_name) {
  const auto id = api().run({.name = "miss"});
  ASSERT_TRUE(starts(id));
  api().rename(id, "mrs");
  EXPECT_TRUE(becomes(id, [](const Instance& it) { return it.name == "mrs"; }));
  EXPECT_EQ(history(id), "started updated");
}

TEST_F(DockerLife, tells_networks_that_come_and_go) {
  const auto id = api().run({.name = "traveller"});
  const auto network = api().create_network("abroad");
  ASSERT_TRUE(becomes(id, [](const Instance& it) { return it.addresses.size() == 1; }));
  api().connect_network(network, id);
  EXPECT_TRUE(becomes(id, [](const Instance& it) { return it.addresses.size() == 2; }));
  expect_agreement();
  api().disconnect_network(network, id);
  EXPECT_TRUE(becomes(id, [](const Instance& it) { return it.addresses.size() == 1; }));
}

TEST_F(DockerLife, reaches_one_that_joined_a_network_through_its_owner) {
  const auto owner =
      api().run({.name = "owner", .ports = {{.container_port = 80, .host_port = 18080}}});
  const auto guest = api().run({.name = "guest", .network = "container:" + owner});
  ASSERT_TRUE(
      becomes(guest, [](const Instance& it) { return it.network_mode == NetworkMode::joined; }));
  EXPECT_EQ(watched().fold().find("guest")->network_owner, owner);
  expect_agreement();
}

TEST_F(DockerLife, follows_chains_of_joined_networks) {
  const auto owner =
      api().run({.name = "owner", .ports = {{.container_port = 80, .host_port = 18080}}});
  const auto guest = api().run({.name = "guest", .network = "container:" + owner});
  std::vector<std::string> last;  // ids are random: some sort before those that they join
  for (int i = 0; i < 4; ++i) {
    last.push_back(api().run({.name = fmt::format("last{}", i), .network = "container:" + guest}));
  }
  for (const auto& id : last) {
    EXPECT_TRUE(becomes(id, [](const Instance& it) {
      return it.addresses.size() == 1 && !it.ports.empty();
    })) << transcript(watched().fold());
  }
  const auto host = api().run({.name = "host", .network = "host"});
  const auto on_host = api().run({.name = "on-host", .network = "container:" + host});
  EXPECT_TRUE(
      becomes(on_host, [](const Instance& it) { return it.network_mode == NetworkMode::host; }));
  for (const auto& id : last) api().remove(id);
  api().remove(on_host);
}

TEST_F(DockerLife, knows_the_other_network_modes) {
  const auto on_host = api().run({.name = "on-host", .network = "host"});
  const auto alone = api().run({.name = "alone", .network = "none"});
  EXPECT_TRUE(
      becomes(on_host, [](const Instance& it) { return it.network_mode == NetworkMode::host; }));
  EXPECT_TRUE(
      becomes(alone, [](const Instance& it) { return it.network_mode == NetworkMode::none; }));
}

TEST_F(DockerLife, says_nothing_of_a_signal_that_ends_nothing) {
  const auto id = api().run({.name = "steady"});
  ASSERT_TRUE(starts(id));
  api().kill(id, "HUP");
  pass_a_marker();
  EXPECT_EQ(history(id), "started");
}

TEST_F(DockerLife, tells_a_restart_as_an_end_and_a_beginning) {
  const auto id = api().run({.name = "phoenix"});
  ASSERT_TRUE(starts(id));
  api().restart(id);
  pass_a_marker();
  expect_agreement();
  EXPECT_THAT(history(id), StartsWith("started stopped started"));
}

// Between two runs a watch may see the container restarting, or only the next run.
std::size_t ends_told(const CheckedFold& fold, const std::string& id) {
  std::size_t ends = 0;
  for (const auto& event : fold.events()) {
    const auto* updated = std::get_if<Updated>(&event);
    const bool waits = updated != nullptr && updated->instance->key.id == id &&
                       updated->instance->state == InstanceState::restarting;
    const auto* stopped = std::get_if<Stopped>(&event);
    if (waits || (stopped != nullptr && stopped->id == id)) ++ends;
  }
  return ends;
}

TEST_F(DockerLife, follows_a_crash_loop_to_its_end) {
  const auto id = api().run({.name = "crasher",
                             .command = {"sh", "-c", "sleep 0.2; exit 3"},
                             .restart_policy = "always"});
  EXPECT_TRUE(watched().wait_until([&](const CheckedFold& fold) {
    return ends_told(fold, id) >= 3;
  })) << transcript(watched().fold());
  api().remove(id);
  EXPECT_TRUE(stops(id));
}

TEST_F(DockerLife, tells_the_end_of_a_stopped_a_killed_and_a_removed_one) {
  for (const auto* verb : {"stop", "kill", "remove"}) {
    SCOPED_TRACE(verb);
    const auto id = api().run({.name = fmt::format("to-{}", verb)});
    ASSERT_TRUE(starts(id));
    if (verb == std::string("stop")) api().stop(id);
    if (verb == std::string("kill")) api().kill(id);
    if (verb == std::string("remove")) api().remove(id);
    EXPECT_TRUE(stops(id));
    EXPECT_EQ(history(id), "started stopped");
  }
}

TEST_F(DockerLife, tells_two_bearers_of_one_name_apart) {
  const auto first = api().run({.name = "heir"});
  ASSERT_TRUE(starts(first));
  api().remove(first);
  const auto second = api().run({.name = "heir"});
  ASSERT_TRUE(starts(second));
  EXPECT_EQ(history(first), "started stopped");
  EXPECT_EQ(history(second), "started");
}

TEST_F(DockerLife, says_nothing_of_one_that_is_only_created) {
  const auto id = api().create({.name = "plan"});
  pass_a_marker();
  EXPECT_EQ(history(id), "");
}

TEST_F(DockerLife, lists_what_the_engine_lists) {
  for (const auto* name : {"one", "two", "three"})
    api().run({.name = name, .labels = {{"n", name}}});
  api().pause("two");
  api().create({.name = "never-started"});
  const auto list = watched().list();
  ASSERT_TRUE(list.has_value()) << list.error().describe();
  std::map<std::string, InstancePtr> by_id;
  for (const auto& instance : *list) by_id[instance->key.id] = instance;
  EXPECT_EQ(by_id.size(), 3U);
  EXPECT_THAT(differences(by_id, api()), IsEmpty());
}

}  // namespace
}  // namespace rollcall::support
