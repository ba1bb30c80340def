// What the driver asks of a server, and what it makes of the answers.
#include "backends/incus/driver.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/run.hpp"
#include "support/scripted_engine.hpp"
#include "support/scripted_incus.hpp"
#include "support/virtual_env.hpp"

namespace rollcall::incus {
namespace {

using namespace std::chrono_literals;
using test::Fault;
using test::ScriptedEngine;
using test::ScriptedIncus;
using test::ScriptedInstance;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using Family = ScriptedIncus::Family;
using Verb = Fault::Verb;

class IncusDriverTest : public testing::TestWithParam<Family> {
 protected:
  IncusDriverTest() { serve(ScriptedEngine::Transport::unix_socket); }

  void serve(ScriptedEngine::Transport transport) {
    server_ = std::make_unique<ScriptedEngine>(io_, incus_, transport);
  }

  Result<std::shared_ptr<Session>> connect(Purpose purpose = Purpose::watch) {
    options_.log = [this](LogLevel, std::string_view text) { logged_.emplace_back(text); };
    driver_ = make_driver({server_->url(), "test"}, options_, io_.get_executor(), env_);
    return test::run(io_, driver_->connect(purpose));
  }

  std::shared_ptr<Session> connected(Purpose purpose = Purpose::watch) {
    auto session = connect(purpose);
    EXPECT_TRUE(session) << session.error();
    server_->requests.clear();
    return session ? *session : nullptr;
  }

  RuntimeError refusal() {
    const auto session = connect();
    EXPECT_FALSE(session);
    return session ? RuntimeError{} : session.error();
  }

  Snapshot list(Session& session) {
    auto snapshot = test::run(io_, session.list());
    EXPECT_TRUE(snapshot) << snapshot.error();
    return snapshot ? std::move(*snapshot) : Snapshot{};
  }

  /// Lets virtual time pass where the reading waits.
  Snapshot read(Session& session, const std::vector<std::string>& ids,
                RunMark mark = RunMark::began) {
    std::vector<Touched> touched;
    for (const std::string& id : ids)
      touched.push_back({.id = id, .at = env_->now(), .mark = mark});
    std::optional<Result<Snapshot>> result;
    boost::asio::co_spawn(
        io_, session.read(touched),
        [&](const std::exception_ptr&, Result<Snapshot> r) { result = std::move(r); });
    settle();
    if (!result) after_a_look();
    settle();
    if (!result) env_->advance(1s);
    settle();
    EXPECT_TRUE(result && *result);
    return result && *result ? std::move(**result) : Snapshot{};
  }

  std::optional<Change> next(Session& session) {
    auto change = test::run(io_, session.next());
    EXPECT_TRUE(change) << change.error();
    return change ? std::optional(*change) : std::nullopt;
  }

  void settle() {
    io_.restart();
    while (io_.poll() > 0) io_.restart();
  }

  static std::vector<std::string> ids_of(const Snapshot& snapshot) {
    std::vector<std::string> ids;
    for (const Reading& reading : snapshot.readings) ids.push_back(reading.instance->key.id);
    return ids;
  }

  boost::asio::io_context io_;
  std::shared_ptr<test::VirtualEnv> env_ = std::make_shared<test::VirtualEnv>(io_);
  ScriptedIncus incus_{io_.get_executor(), env_, GetParam()};
  std::unique_ptr<ScriptedEngine> server_;
  std::unique_ptr<Driver> driver_;
  BackendOptions options_;
  std::vector<std::string> logged_;
  /// What the server does while a reading waits.
  std::function<void()> after_a_look = [] {};
};

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

TEST_P(IncusDriverTest, AChosenProjectIsReadAlone) {
  incus_.projects = {"default", "p1"};
  incus_.run("web");
  incus_.run("web", "p1");
  options_.projects = {"p1"};
  auto session = connect();
  ASSERT_TRUE(session) << session.error();
  EXPECT_THAT(ids_of(list(**session)), ElementsAre("p1/web"));
  EXPECT_THAT(server_->requests,
              ElementsAre("/1.0", "/1.0/projects/p1", "/1.0/events?type=lifecycle&project=p1",
                          "/1.0/instances?recursion=1&project=p1"));
}

TEST_P(IncusDriverTest, OfSeveralProjectsTheStreamIsFiltered) {
  incus_.projects = {"default", "p1", "p2"};
  options_.projects = {"p1", "p2"};
  const auto session = connected();
  incus_.run("unseen");
  incus_.tell("instance-updated", "p3/unseen");
  incus_.run("web", "p2");
  const auto change = next(*session);
  ASSERT_TRUE(change && std::holds_alternative<Touched>(*change));
  EXPECT_EQ(std::get<Touched>(*change).id, "p2/web");
  EXPECT_THAT(ids_of(list(*session)), ElementsAre("p2/web"));
}

TEST_P(IncusDriverTest, AnAbsentProjectIsAnErrorThatNamesIt) {
  options_.projects = {"default", "nope"};
  const RuntimeError error = refusal();
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_THAT(error.what, HasSubstr("no project \"nope\""));
  EXPECT_THAT(error.remedy, HasSubstr("project list"));
}

TEST_P(IncusDriverTest, AForbiddenProjectIsDenied) {
  incus_.projects = {"default", "p1"};
  incus_.allowed = {"p1"};
  options_.projects = {"default"};
  const RuntimeError error = refusal();
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_EQ(error.fault, ConnectFault::denied);
  EXPECT_THAT(error.what, HasSubstr("\"default\""));
}

TEST_P(IncusDriverTest, ARestrictedCertificateSeesItsProject) {
  serve(ScriptedEngine::Transport::tcp);
  incus_.projects = {"default", "p1"};
  incus_.allowed = {"p1"};
  incus_.run("hidden");
  incus_.run("web", "p1");
  const auto session = connect();
  ASSERT_TRUE(session) << session.error();
  EXPECT_THAT(server_->requests, Contains("/1.0/events?type=lifecycle&project=p1"));
  EXPECT_THAT(ids_of(list(**session)), ElementsAre("p1/web"));
  EXPECT_THAT((*session)->info().blind_spot, HasSubstr("certificate"));
}

TEST_P(IncusDriverTest, WhereAllAtOnceIsRefusedEachProjectHasAStream) {
  serve(ScriptedEngine::Transport::tcp);
  incus_.projects = {"default", "p1", "p2"};
  incus_.allowed = {"p1", "p2"};
  const auto session = connect();
  ASSERT_TRUE(session) << session.error();
  EXPECT_THAT(server_->requests, Contains("/1.0/events?type=lifecycle&project=p1"));
  EXPECT_THAT(server_->requests, Contains("/1.0/events?type=lifecycle&project=p2"));
  EXPECT_THAT(logged_, IsEmpty());
  incus_.tell("instance-updated", "default/unseen");
  std::vector<std::string> told;
  for (const char* id : {"p1/a", "p2/b", "p1/c"}) {
    incus_.tell("instance-updated", id);
    const auto change = next(**session);
    ASSERT_TRUE(change && std::holds_alternative<Touched>(*change));
    EXPECT_EQ(std::get<Touched>(*change).id, id);
  }
}

TEST_P(IncusDriverTest, OfSeveralStreamsTheEndOfOneIsTheEnd) {
  incus_.projects = {"p1", "p2"};
  incus_.allowed = {"p1", "p2"};
  options_.projects = {"p1", "p2"};
  {
    const auto session = connected();
    incus_.end_streams();
    const auto change = next(*session);
    EXPECT_TRUE(change && std::holds_alternative<StreamEnded>(*change));
  }
  const auto session = connected();
  server_->drop_connections();
  const auto change = test::run(io_, session->next());
  ASSERT_FALSE(change);
  EXPECT_EQ(change.error().kind, ErrorKind::unavailable);
}

TEST_P(IncusDriverTest, WithItsSessionTheStreamsEndAndNothingIsLeft) {
  incus_.projects = {"p1", "p2"};
  incus_.allowed = {"p1", "p2"};
  options_.projects = {"p1", "p2"};
  auto session = connected();
  incus_.tell("instance-updated", "p1/untaken");
  incus_.tell("instance-updated", "p1/behind it");
  settle();
  EXPECT_EQ(incus_.waiting(), 0U);
  session.reset();
  driver_.reset();
  server_.reset();
  settle();
  EXPECT_TRUE(io_.stopped());
}

TEST_P(IncusDriverTest, AProjectWhoseEventsAreRefusedIsListedNowAndThen) {
  incus_.projects = {"p1", "p2"};
  incus_.allowed = {"p1", "p2"};
  options_.projects = {"p1", "p2"};
  server_->inject({.verb = Verb::refuse_with, .where = "lifecycle&project=p2", .amount = 403});
  connected();
  EXPECT_THAT(logged_, ElementsAre(HasSubstr("every 10 s")));
}

TEST_P(IncusDriverTest, WhereEventsAreRefusedAllIsListedNowAndThen) {
  serve(ScriptedEngine::Transport::tcp);
  for (int i = 0; i < 17; ++i) incus_.projects.insert(fmt::format("p{}", i));
  incus_.allowed = incus_.projects;
  const auto session = connected();
  EXPECT_THAT(logged_, ElementsAre(HasSubstr("every 10 s")));
  std::optional<Change> change;
  boost::asio::co_spawn(io_, session->next(), [&](const std::exception_ptr&, Result<Change> r) {
    change = std::move(*r);
  });
  settle();
  EXPECT_FALSE(change);
  env_->advance(10s);
  settle();
  EXPECT_TRUE(change && std::holds_alternative<ResyncNeeded>(*change));
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

TEST_P(IncusDriverTest, AStreamOfAProjectThatVanishedIsAnErrorThatNamesIt) {
  incus_.projects = {"default", "p1"};
  options_.projects = {"p1"};
  server_->inject({.verb = Verb::refuse_with, .where = "/1.0/events", .amount = 404});
  EXPECT_THAT(refusal().what, HasSubstr("no project \"p1\""));
}

}  // namespace
}  // namespace rollcall::incus
