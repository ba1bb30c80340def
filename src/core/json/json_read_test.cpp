#include "core/json/json_read.hpp"

#include <algorithm>
#include <chrono>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text/words.hpp"
#include "support/json_round_trip.hpp"

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// Makes instances in which each field is sometimes there and sometimes not.
class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {}

  Instance instance() {
    Instance it;
    it.key = {.backend = "docker", .endpoint = "unix:///" + text(), .id = "i" + text()};
    fill(it.name, it.network_owner, it.reason, it.image, it.group, it.service, it.node);
    it.kind = word<InstanceKind>();
    it.state = word<InstanceState>();
    it.health = word<Health>();
    it.network_mode = word<NetworkMode>();
    for (int i = number(3); i > 0; --i) it.addresses.push_back({text(), text(), family()});
    for (int i = number(3); i > 0; --i) it.ports.push_back(port());
    it.labels = Labels({{"a" + text(), text()}, {"b", text()}});
    if (coin()) it.metadata = std::make_shared<const Metadata>(metadata());
    if (coin()) {
      it.details = std::make_shared<const Details>(Details{
          .description = text(),
          .definition = text(),
          .user = text(),
          .command = {text(), text()},
          .pid = number(9),
          .restarts = static_cast<std::uint32_t>(number(9)),
      });
    }
    for (int i = number(2); i > 0; --i) {
      it.problems.push_back({text(), text(), static_cast<std::uint32_t>(number(3))});
    }
    std::ranges::sort(it.problems);
    if (coin()) it.created_at = moment();
    if (coin()) it.started_at = moment();
    it.discovered_at = moment();
    return it;
  }

 private:
  int number(int most) { return std::uniform_int_distribution<int>(0, most)(random_); }
  bool coin() { return number(1) == 1; }
  std::string text() {
    static const std::vector<std::string> all = {"",
                                                 "web",
                                                 "a b",
                                                 "\"q\\\n\t",
                                                 "caf\u00e9",
                                                 "\u65e5\u672c",
                                                 std::string("n\0l", 3),
                                                 "\x7f",
                                                 "\u009b\u202e",
                                                 "\u200b\ufeff\U000e0041"};
    return all[static_cast<std::size_t>(number(static_cast<int>(all.size()) - 1))];
  }
  template <class... Texts>
  void fill(Texts&... texts) {
    ((texts = text()), ...);
  }
  template <class Enum>
  Enum word() {
    return static_cast<Enum>(number(static_cast<int>(count_of_words<Enum>()) - 1));
  }
  AddressFamily family() { return word<AddressFamily>(); }
  Timestamp moment() { return Timestamp(1'700'000'000s + std::chrono::nanoseconds(number(999))); }
  std::uint16_t port_number() { return static_cast<std::uint16_t>(number(65535)); }
  PortMapping port() {
    return {.host_ip = text(),
            .host_port = port_number(),
            .container_port = port_number(),
            .protocol = word<Protocol>(),
            .name = text(),
            .scope = word<PortScope>()};
  }

  template <class T>
  void maybe(Metadata::Maybe<T>& out, T value) {
    if (coin()) out = Sourced<T>{std::move(value), text()};
  }
  Metadata metadata() {
    Metadata it;
    maybe(it.enable, coin());
    maybe(it.announce, coin());
    maybe(it.name, text());
    maybe(it.dns_name, text());
    maybe(it.type, text());
    maybe(it.certmesh, coin());
    maybe(it.tags, std::vector<std::string>{text(), text()});
    if (coin()) it.txt.push_back({.key = "k", .value = {.value = text(), .source = text()}});
    if (coin()) {
      it.health.make().path = Sourced<std::string>{text(), "l"};
      it.health.make().interval = Sourced<std::chrono::milliseconds>{1ms * number(5000), "l"};
    }
    if (coin()) it.proxy.make().port = Sourced<std::uint16_t>{port_number(), "l"};
    if (coin()) it.target.make().network = Sourced<std::string>{text(), "l"};
    if (coin()) it.scrape.make().enable = Sourced<bool>{coin(), "l"};
    if (coin()) it.display.make().icon = Sourced<std::string>{text(), "l"};
    if (coin()) {
      Metadata::Port port;
      port.port = port_number();
      maybe(port.name, text());
      if (coin()) port.enable_tcp = Sourced<bool>{coin(), "l"};
      if (coin()) port.enable_udp = Sourced<bool>{coin(), "l"};
      it.ports.push_back(std::move(port));
    }
    if (coin()) {
      it.routes.push_back({.name = text(),
                           .hosts = {text()},
                           .paths = {text(), text()},
                           .port = port_number(),
                           .scheme = text(),
                           .tls = coin(),
                           .narrowed = coin(),
                           .source = text()});
    }
    return it;
  }

  std::mt19937 random_;
};

/// What the writer leaves out because it says nothing.
void leave_out_what_is_empty(Instance& instance) {
  if (instance.metadata && *instance.metadata == Metadata{}) instance.metadata = nullptr;
  if (instance.details && *instance.details == Details{} && instance.details->restarts == 0) {
    instance.details = nullptr;
  }
}

TEST(JsonRead, WhatIsWrittenIsRead) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    Instance instance = Maker(seed).instance();
    leave_out_what_is_empty(instance);
    const auto written = json_text(instance);
    const auto read = read_instance(boost::json::parse(written));
    ASSERT_TRUE(read) << read.error().describe();
    EXPECT_TRUE(same_content(**read, instance)) << written;
    EXPECT_EQ((*read)->discovered_at, instance.discovered_at);
    test::expect_survives_json(instance);
  }
}

TEST(JsonRead, EventsAreReadAsTheyWereWritten) {
  const auto instance = std::make_shared<const Instance>(Maker(1).instance());
  const std::vector<RuntimeEvent> events = {
      Started{instance, Cause::initial}, Updated{instance, Cause::resync},
      Stopped{.id = instance->key.id, .name = "n", .last = instance, .cause = Cause::live},
      BackendDisconnected{"docker", "e", "gone"}, BackendReconnected{"docker", "e"}};
  for (const RuntimeEvent& event : events) {
    const auto read = read_event(boost::json::parse(json_text(event)), [&](const InstanceKey& key) {
      return key == instance->key ? instance : nullptr;
    });
    ASSERT_TRUE(read) << read.error().describe();
    EXPECT_EQ(json_text(*read), json_text(event));
  }
}

TEST(JsonRead, AStopOfWhatWasNotToldStillHasAnInstance) {
  const auto value = boost::json::parse(R"({"type":"stopped","id":"i","name":"n","cause":"live",)"
                                        R"("key":{"backend":"b","endpoint":"e","id":"i"}})");
  const auto read = read_event(value, [](const InstanceKey&) { return nullptr; });
  ASSERT_TRUE(read);
  EXPECT_EQ(std::get<Stopped>(*read).last->key, (InstanceKey{"b", "e", "i"}));
  EXPECT_EQ(std::get<Stopped>(*read).last->name, "n");
}

TEST(JsonRead, WhatANewerVersionSaysIsLeftOutOrNoted) {
  const auto read = read_instance(boost::json::parse(
      R"({"key":{"backend":"b","endpoint":"e","id":"i","more":1},"state":"dreaming","news":{},)"
      R"("ports":[{"container_port":70000,"scope":"host"}],"pid":"seven","labels":{"a":1}})"));
  ASSERT_TRUE(read);
  ASSERT_THAT((*read)->problems, SizeIs(4));
  EXPECT_EQ((*read)->problems[0].where, "labels.a");
  EXPECT_EQ((*read)->problems[1].where, "pid");
  EXPECT_EQ((*read)->problems[2].where, "ports.container_port");
  EXPECT_EQ((*read)->problems[3].where, "state");
  EXPECT_THAT((*read)->problems[3].what, HasSubstr("'dreaming'"));
  EXPECT_EQ((*read)->state, InstanceState::unknown);
  EXPECT_EQ((*read)->ports.at(0).scope, PortScope::host);
}

TEST(JsonRead, WhatIsNoInstanceOrEventIsAnError) {
  const auto none = [](const InstanceKey&) { return nullptr; };
  for (const char* text : {"1", "[]", "{}", R"({"key":{"backend":"b","id":"i"}})",
                           R"({"key":{"backend":"b","endpoint":"","id":"i"}})"}) {
    EXPECT_FALSE(read_instance(boost::json::parse(text))) << text;
  }
  for (const char* text :
       {"1", "{}", R"({"type":"exploded"})", R"({"type":"started"})",
        R"({"type":"started","instance":{}})", R"({"type":"stopped","id":"i"})"}) {
    const auto read = read_event(boost::json::parse(text), none);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().kind, ErrorKind::protocol);
  }
}

}  // namespace
}  // namespace rollcall
