// What the driver asks of a server, and how it reads the answers.
#include "backends/incus/driver.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/incus_driver_fixture.hpp"

namespace rollcall::incus {
namespace {

using namespace std::chrono_literals;
using test::ScriptedInstance;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using Family = test::ScriptedIncus::Family;
using Verb = test::Fault::Verb;

using IncusDriverTest = test::IncusDriverFixture;

INSTANTIATE_TEST_SUITE_P(Of, IncusDriverTest, testing::Values(Family::lxd_5, Family::incus_6),
                         [](const auto& info) {
                           return info.param == Family::lxd_5 ? "lxd" : "incus";
                         });

TEST_P(IncusDriverTest, ItsNameIsThatOfTheFamilyThatAnswers) {
  incus_.run("web");
  auto session = connect();
  ASSERT_TRUE(session) << session.error();
  EXPECT_EQ(driver_->name(), incus_.name());
  EXPECT_EQ((*session)->info().product, GetParam() == Family::lxd_5 ? "LXD" : "Incus");
  EXPECT_EQ(list(**session).readings.front().instance->key.backend, incus_.name());
  EXPECT_THAT(server_->requests, ElementsAre("/1.0", "/1.0/events?type=lifecycle&all-projects=true",
                                             "/1.0/instances?recursion=1&all-projects=true"));
}

TEST_P(IncusDriverTest, AListNeedsNoStream) {
  ASSERT_TRUE(connect(Purpose::list));
  EXPECT_THAT(server_->requests, ElementsAre("/1.0"));
}

TEST_P(IncusDriverTest, OneThatDoesNotTrustUsSaysHowToBeTrusted) {
  incus_.trusts = false;
  const RuntimeError error = refusal();
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_EQ(error.fault, ConnectFault::auth);
  EXPECT_THAT(error.remedy, HasSubstr("config trust add"));
}

TEST_P(IncusDriverTest, TheStateIsAskedOfThoseWithANetworkAlone) {
  incus_.run("alone");
  const std::string web = incus_.run("web");
  const std::string stopped = incus_.create("stopped");
  for (const std::string& id : {web, stopped}) {
    incus_.change_silently(id, [](ScriptedInstance& it) { it.address = "10.0.0.2"; });
  }
  const auto session = connected();
  const Snapshot snapshot = list(*session);
  EXPECT_THAT(server_->requests,
              ElementsAre("/1.0/instances?recursion=1&all-projects=true",
                          "/1.0/instances/web/state?project=default",
                          "/1.0/networks/br0/forwards?recursion=1&project=default"));
  ASSERT_THAT(snapshot.readings, SizeIs(3));
  const Instance& instance = *snapshot.readings.back().instance;
  EXPECT_EQ(instance.addresses, (std::vector<Address>{{.ip = "10.0.0.2", .network = "br0"}}));
}

TEST_P(IncusDriverTest, OfOneThatItsServerKnowsNothingOfTheStateIsNotAsked) {
  const std::string id = incus_.run("away");
  incus_.change_silently(id, [](ScriptedInstance& it) {
    it.address = "10.0.0.2";
    it.status = "Error";
  });
  const auto session = connected();
  const Snapshot snapshot = list(*session);
  EXPECT_THAT(server_->requests, ElementsAre("/1.0/instances?recursion=1&all-projects=true"));
  ASSERT_THAT(snapshot.readings, SizeIs(1));
  EXPECT_EQ(snapshot.readings[0].instance->state, InstanceState::unknown);
  EXPECT_TRUE(snapshot.readings[0].settled);
}

TEST_P(IncusDriverTest, AnAddressThatComesLateIsLookedForAgain) {
  const auto session = connected();
  const std::string id = incus_.run("web");
  incus_.change_silently(id, [](ScriptedInstance& it) { it.address = ""; });
  Snapshot snapshot = read(*session, {id});
  ASSERT_THAT(snapshot.readings, SizeIs(1));
  EXPECT_FALSE(snapshot.readings[0].settled);
  incus_.change_silently(id, [](ScriptedInstance& it) { it.address = "10.0.0.2"; });
  env_->advance(5s);
  snapshot = read(*session, {id}, RunMark::changed);
  EXPECT_TRUE(snapshot.readings.at(0).settled);
  EXPECT_THAT(snapshot.readings[0].instance->addresses, SizeIs(1));
}

TEST_P(IncusDriverTest, AStateThatIsNotToldIsANote) {
  const std::string id = incus_.run("web");
  incus_.change_silently(id, [](ScriptedInstance& it) { it.address = "10.0.0.2"; });
  const auto session = connected();
  server_->inject({.verb = Verb::refuse_with, .where = "/state", .amount = 500});
  const Snapshot snapshot = list(*session);
  ASSERT_THAT(snapshot.readings, SizeIs(1));
  EXPECT_FALSE(snapshot.readings[0].settled);
  EXPECT_THAT(snapshot.readings[0].instance->problems, SizeIs(1));
}

TEST_P(IncusDriverTest, ForwardsOfItsNetworkArePorts) {
  const std::string id = incus_.run("web");
  incus_.change_silently(id, [](ScriptedInstance& it) { it.address = "10.0.0.2"; });
  incus_.forwards["br0"] = R"({"listen_address":"192.0.2.1","ports":[{"protocol":"tcp",
      "listen_port":"80","target_address":"10.0.0.2"}]})";
  const auto session = connected();
  ASSERT_THAT(list(*session).readings.at(0).instance->ports, SizeIs(1));
  incus_.forwards.clear();
  incus_.tell("network-forward-deleted", "default/br0");
  const auto change = next(*session);
  EXPECT_TRUE(change && std::holds_alternative<ResyncNeeded>(*change));
  EXPECT_THAT(list(*session).readings.at(0).instance->ports, IsEmpty());
}

TEST_P(IncusDriverTest, AFewAreReadOneByOneAndManyInOneList) {
  std::vector<std::string> ids;
  for (int i = 0; i < 10; ++i) ids.push_back(incus_.run(fmt::format("c{}", i)));
  const auto session = connected();
  list(*session);
  server_->requests.clear();
  read(*session, {ids[0], ids[1]});
  EXPECT_THAT(server_->requests, SizeIs(2));
  server_->requests.clear();
  EXPECT_EQ(ids_of(read(*session, {ids[0], ids[1], ids[2], ids[3], ids[4]})),
            (std::vector(ids.begin(), ids.begin() + 5)));
  EXPECT_THAT(server_->requests, ElementsAre("/1.0/instances?recursion=1&all-projects=true"));
}

TEST_P(IncusDriverTest, OneThatVanishedIsAbsent) {
  const auto session = connected();
  EXPECT_THAT(read(*session, {"default/gone"}).readings, IsEmpty());
}

TEST_P(IncusDriverTest, APauseIsToldIfItLasts) {
  const std::string id = incus_.run("web");
  const auto session = connected();
  list(*session);
  incus_.pause(id);
  const Snapshot snapshot = read(*session, {id}, RunMark::changed);
  EXPECT_EQ(snapshot.readings.at(0).instance->state, InstanceState::paused);
  server_->requests.clear();
  read(*session, {id}, RunMark::changed);  // it is known to be paused
  EXPECT_THAT(server_->requests, SizeIs(1));
}

TEST_P(IncusDriverTest, APauseOnTheWayToAStopIsNone) {
  const std::string id = incus_.run("web");
  const auto session = connected();
  list(*session);
  incus_.pause(id);
  after_a_look = [&] { incus_.force(id); };
  const Snapshot snapshot = read(*session, {id}, RunMark::changed);
  EXPECT_EQ(snapshot.readings.at(0).instance->state, InstanceState::stopped);
}

TEST_P(IncusDriverTest, AnEndThatIsNotStoredYetIsLookedForAgain) {
  const std::string id = incus_.run("web");
  const auto session = connected();
  EXPECT_FALSE(read(*session, {id}, RunMark::ended).readings.at(0).settled);
  EXPECT_TRUE(read(*session, {id}, RunMark::changed).readings.at(0).settled);
}

TEST_P(IncusDriverTest, AStartAnewIsAnotherRun) {
  const std::string id = incus_.run("web");
  const auto session = connected();
  const std::string before = list(*session).readings.at(0).instance->run;
  env_->advance(1s);
  incus_.restart(id);
  EXPECT_THAT(list(*session).readings.at(0).instance->run, Not(testing::AnyOf("", before)));
}

TEST_P(IncusDriverTest, AnActionThatIsUnknownIsSaidOnce) {
  const auto session = connected();
  for (int i = 0; i < 3; ++i) incus_.tell("instance-teleported", "default/web");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(next(*session));
  EXPECT_THAT(logged_, ElementsAre(HasSubstr("instance-teleported")));
  EXPECT_EQ(session->unknown_signals(), 3U);
}

TEST_P(IncusDriverTest, TheEndOfTheStreamIsRegularIfTheServerSaysSo) {
  const auto session = connected();
  incus_.end_streams();
  const auto change = next(*session);
  EXPECT_TRUE(change && std::holds_alternative<StreamEnded>(*change));
}

}  // namespace
}  // namespace rollcall::incus
