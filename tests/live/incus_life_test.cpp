// The life of instances on a real LXD or Incus server, in the events of a watch.
#include <string>
#include <vector>

#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <rollcall/options/incus.hpp>

#include "live/incus_live.hpp"

namespace rollcall::support {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using ::testing::SizeIs;

bool is_running(const Instance& it) {
  return it.state == InstanceState::running;
}
bool is_paused(const Instance& it) {
  return it.state == InstanceState::paused;
}

class IncusLife : public IncusLive {};

TEST_F(IncusLife, of_one_instance_from_its_start_to_its_end) {
  start();
  const auto id = server().run({.name = "web", .config = {{"user.rollcall.name", "shop"}}});
  ASSERT_TRUE(starts(id));
  const auto web = watched().fold().running().at(id);
  EXPECT_EQ(web->key.backend, server().family());
  EXPECT_EQ(web->name, "web");
  EXPECT_EQ(web->group, "default");
  EXPECT_EQ(web->image, "Busybox of a test");
  EXPECT_EQ(web->network_mode, NetworkMode::none);
  EXPECT_TRUE(web->created_at && web->started_at);
  EXPECT_LE(*web->created_at, *web->started_at);
  ASSERT_TRUE(web->metadata);
  EXPECT_EQ(web->metadata->name->value, "shop");

  server().edit(id, {{"config", {{"user.word", "edited"}}}});
  EXPECT_TRUE(
      becomes(id, [](const Instance& it) { return it.labels.find("user.word") == "edited"; }));
  server().pause(id);
  EXPECT_TRUE(becomes(id, is_paused));
  server().unpause(id);
  EXPECT_TRUE(becomes(id, is_running));
  expect_agreement();
  EXPECT_EQ(history(id), "started updated updated updated");

  server().shut_down(id);
  EXPECT_TRUE(stops(id));
  server().rename(id, "shop");
  server().start("default/shop");
  EXPECT_TRUE(starts("default/shop"));
  server().remove("default/shop");
  EXPECT_TRUE(stops("default/shop"));
  EXPECT_EQ(history(id), "started updated updated updated stopped");
  EXPECT_EQ(history("default/shop"), "started stopped");
}

TEST_F(IncusLife, of_a_restart_by_its_user_and_by_its_guest) {
  start();
  const auto id = server().run({.name = "web"});
  ASSERT_TRUE(starts(id));
  const auto first = watched().fold().running().at(id);
  server().restart(id);
  ASSERT_TRUE(becomes(id, [&](const Instance& it) { return it.run != first->run; }));
  expect_agreement();
  EXPECT_EQ(history(id), "started stopped started");
  const auto second = watched().fold().running().at(id);
  server().exec(id, {"/bin/busybox", "reboot", "-f"});
  ASSERT_TRUE(becomes(id, [&](const Instance& it) { return it.run != second->run; }));
  expect_agreement();
  EXPECT_EQ(history(id), "started stopped started stopped started");
}

TEST_F(IncusLife, of_ports_of_proxies_and_profiles) {
  start();
  const auto id = server().run({.name = "web"});
  ASSERT_TRUE(starts(id));
  const json::object range{{"type", "proxy"},
                           {"listen", "tcp:127.0.0.1:18085-18086"},
                           {"connect", "tcp:127.0.0.1:80-81"}};
  server().edit(id, {{"devices", {{"range", range}}}});
  EXPECT_TRUE(becomes(id, [](const Instance& it) { return it.ports.size() == 2; }));
  const auto port = watched().fold().running().at(id)->ports.at(1);
  EXPECT_EQ(port, (PortMapping{.host_ip = "127.0.0.1",
                               .host_port = 18086,
                               .container_port = 81,
                               .protocol = Protocol::tcp,
                               .name = "range",
                               .scope = PortScope::published}));
  const json::object udp{
      {"type", "proxy"}, {"listen", "udp:127.0.0.1:18087"}, {"connect", "udp:127.0.0.1:53"}};
  server().act("PATCH", "/1.0/profiles/default", {{"devices", {{"dns", udp}}}});
  EXPECT_TRUE(becomes(id, [](const Instance& it) { return it.ports.size() == 3; }));
}

TEST_F(IncusLife, of_one_that_is_ephemeral) {
  start();
  const auto id = server().run({.name = "mayfly", .ephemeral = true});
  ASSERT_TRUE(starts(id));
  server().stop(id);
  EXPECT_TRUE(stops(id));
  EXPECT_EQ(history(id), "started stopped");
}

TEST_F(IncusLife, of_one_that_does_not_start_is_nothing) {
  start();
  const auto id = server().create({.name = "broken", .config = {{"raw.lxc", "lxc.init.cmd=/no"}}});
  EXPECT_THROW(server().start(id), std::runtime_error);
  const auto marker = server().run({.name = "marker"});
  ASSERT_TRUE(starts(marker));
  EXPECT_EQ(history(id), "");
}

TEST_F(IncusLife, in_projects) {
  start_server();
  server().create_project("p1");
  server().create_project("p2");
  const auto first = server().run({.name = "web", .project = "p1"});
  BackendOptions chosen;
  chosen.of<IncusOptions>().projects = {"p1", "p2"};
  start_watch(chosen);
  ASSERT_TRUE(starts(first));
  const auto unseen = server().run({.name = "web"});
  const auto second = server().run({.name = "web", .project = "p2"});
  ASSERT_TRUE(starts(second));
  EXPECT_EQ(history(unseen), "");
  EXPECT_EQ(watched().fold().running().at(second)->group, "p2");

  start_watch();
  ASSERT_TRUE(starts(unseen));
  EXPECT_THAT(watched().fold().running(), SizeIs(3));
  server().stop(first);
  ASSERT_TRUE(stops(first));
  server().act("POST", "/1.0/instances/web?project=p1",
               {{"name", "moved"}, {"migration", true}, {"project", "p2"}});
  server().start("p2/moved");
  EXPECT_TRUE(starts("p2/moved"));
}

TEST_F(IncusLife, of_many_that_are_stopped_at_once) {
  start();
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(server().run({.name = fmt::format("c{}", i)}));
  for (const auto& id : ids) ASSERT_TRUE(starts(id));
  server().act("PUT", "/1.0/instances", {{"state", {{"action", "stop"}, {"force", true}}}});
  for (const auto& id : ids) {
    EXPECT_TRUE(stops(id));
    EXPECT_EQ(history(id), "started stopped") << id;
  }
}

TEST_F(IncusLife, with_an_address_that_comes_later_and_forwards_to_it) {
  start({.network = true});
  const auto id = server().run({.name = "web"});
  ASSERT_TRUE(becomes(id, [](const Instance& it) { return !it.addresses.empty(); }));
  const Address address = watched().fold().running().at(id)->addresses.front();
  EXPECT_EQ(address.network, "testbr0");
  EXPECT_TRUE(address.ip.starts_with("10.191.7."));
  server().act("POST", "/1.0/networks/testbr0/forwards",
               {{"listen_address", "10.191.7.200"},
                {"ports",
                 {{{"protocol", "tcp"},
                   {"listen_port", "80"},
                   {"target_port", "8080"},
                   {"target_address", address.ip}}}}});
  EXPECT_TRUE(becomes(id, [](const Instance& it) {
    return it.ports.size() == 1 && it.ports[0].host_ip == "10.191.7.200" &&
           it.ports[0].container_port == 8080;
  })) << transcript(watched().fold());
}

enum class Death : std::uint8_t { killed, terminated, frozen_and_killed };

class IncusDeath : public IncusLive, public ::testing::WithParamInterface<Death> {
 protected:
  void end_server() {
    if (GetParam() == Death::terminated) return server().terminate();
    if (GetParam() == Death::frozen_and_killed) server().freeze();
    server().kill9();
  }
};

TEST_P(IncusDeath, loses_nothing_and_ends_nothing) {
  start();
  const auto plain = server().run({.name = "plain"});
  const auto paused = server().run({.name = "paused"});
  const auto dies = server().run({.name = "dies"});
  server().pause(paused);
  server().exec(dies, {"sh", "-c", "(sleep 2; kill -PWR 1) &"});
  EXPECT_TRUE(becomes(paused, is_paused));
  end_server();
  EXPECT_TRUE(counts("backend_disconnected", 1));
  EXPECT_TRUE(watched().fold().running().contains(plain)) << "it is stale, not stopped";
  server().start();
  EXPECT_TRUE(counts("backend_reconnected", 1)) << transcript(watched().fold());
  EXPECT_TRUE(stops(dies));
  expect_agreement();
  EXPECT_EQ(history(plain), "started");
  server().unpause(paused);
}

std::string name_of(const ::testing::TestParamInfo<Death>& info) {
  constexpr const char* names[] = {"killed", "terminated", "frozen_and_killed"};
  return names[static_cast<std::size_t>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Each, IncusDeath,
                         ::testing::Values(Death::killed, Death::terminated,
                                           Death::frozen_and_killed),
                         name_of);

}  // namespace
}  // namespace rollcall::support
