// Which projects the driver reads, and their event streams.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rollcall/options/incus.hpp>

#include "support/incus_driver_fixture.hpp"
#include "support/temp_folder.hpp"

namespace rollcall::incus {
namespace {

using namespace std::chrono_literals;
using test::ScriptedEngine;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Family = test::ScriptedIncus::Family;
using Verb = test::Fault::Verb;

using IncusProjectsTest = test::IncusDriverFixture;

INSTANTIATE_TEST_SUITE_P(Of, IncusProjectsTest, testing::Values(Family::lxd_5, Family::incus_6),
                         [](const auto& info) {
                           return info.param == Family::lxd_5 ? "lxd" : "incus";
                         });

TEST_P(IncusProjectsTest, AChosenProjectIsReadAlone) {
  incus_.projects = {"default", "p1"};
  incus_.run("web");
  incus_.run("web", "p1");
  options_.of<IncusOptions>().projects = {"p1"};
  auto session = connect();
  ASSERT_TRUE(session) << session.error();
  EXPECT_THAT(ids_of(list(**session)), ElementsAre("p1/web"));
  EXPECT_THAT(server_->requests,
              ElementsAre("/1.0", "/1.0/projects/p1", "/1.0/events?type=lifecycle&project=p1",
                          "/1.0/instances?recursion=1&project=p1"));
}

TEST_P(IncusProjectsTest, OfSeveralProjectsTheStreamIsFiltered) {
  incus_.projects = {"default", "p1", "p2"};
  options_.of<IncusOptions>().projects = {"p1", "p2"};
  const auto session = connected();
  incus_.run("unseen");
  incus_.tell("instance-updated", "p3/unseen");
  incus_.run("web", "p2");
  const auto change = next(*session);
  ASSERT_TRUE(change && std::holds_alternative<Touched>(*change));
  EXPECT_EQ(std::get<Touched>(*change).id, "p2/web");
  EXPECT_THAT(ids_of(list(*session)), ElementsAre("p2/web"));
}

TEST_P(IncusProjectsTest, AnAbsentProjectIsAnErrorThatNamesIt) {
  options_.of<IncusOptions>().projects = {"default", "nope"};
  const RuntimeError error = refusal();
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_THAT(error.what, HasSubstr("no project \"nope\""));
  EXPECT_THAT(error.remedy, HasSubstr("project list"));
}

TEST_P(IncusProjectsTest, AForbiddenProjectIsDenied) {
  incus_.projects = {"default", "p1"};
  incus_.allowed = {"p1"};
  options_.of<IncusOptions>().projects = {"default"};
  const RuntimeError error = refusal();
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_EQ(error.fault, ConnectFault::denied);
  EXPECT_THAT(error.what, HasSubstr("\"default\""));
}

TEST_P(IncusProjectsTest, ARestrictedCertificateSeesItsProject) {
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

TEST_P(IncusProjectsTest, ThatTheSocketIsRestrictedIsSaid) {
  const support::TempFolder folder;
  const auto link = folder.path() / "unix.socket.user";
  folder.link("unix.socket.user", server_->url().substr(std::string_view("unix://").size()));
  const auto driver =
      make_driver({"unix://" + link.string(), "test"}, options_, io_.get_executor(), env_);
  const auto session = test::run(io_, driver->connect(Purpose::list));
  ASSERT_TRUE(session) << session.error();
  EXPECT_THAT((*session)->info().blind_spot, HasSubstr("restricted socket"));
}

TEST_P(IncusProjectsTest, WhereAllAtOnceIsRefusedEachProjectHasAStream) {
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

TEST_P(IncusProjectsTest, OfSeveralStreamsTheEndOfOneIsTheEnd) {
  incus_.projects = {"p1", "p2"};
  incus_.allowed = {"p1", "p2"};
  options_.of<IncusOptions>().projects = {"p1", "p2"};
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

TEST_P(IncusProjectsTest, WithItsSessionTheStreamsEndAndNothingIsLeft) {
  incus_.projects = {"p1", "p2"};
  incus_.allowed = {"p1", "p2"};
  options_.of<IncusOptions>().projects = {"p1", "p2"};
  auto session = connected();
  incus_.tell("instance-updated", "p1/untaken");
  incus_.tell("instance-updated", "p1/behind it");
  settle();
  session.reset();
  driver_.reset();
  settle();
  incus_.end_streams();  // ends the coroutines of the server
  server_.reset();
  settle();
  EXPECT_TRUE(io_.stopped());
}

TEST_P(IncusProjectsTest, AProjectWhoseEventsAreRefusedIsListedNowAndThen) {
  incus_.projects = {"p1", "p2"};
  incus_.allowed = {"p1", "p2"};
  options_.of<IncusOptions>().projects = {"p1", "p2"};
  server_->inject({.verb = Verb::refuse_with, .where = "lifecycle&project=p2", .amount = 403});
  connected();
  EXPECT_THAT(logged_, ElementsAre(HasSubstr("every 10 s")));
}

TEST_P(IncusProjectsTest, WhereEventsAreRefusedAllIsListedNowAndThen) {
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

TEST_P(IncusProjectsTest, AStreamOfAProjectThatVanishedIsAnErrorThatNamesIt) {
  incus_.projects = {"default", "p1"};
  options_.of<IncusOptions>().projects = {"p1"};
  server_->inject({.verb = Verb::refuse_with, .where = "/1.0/events", .amount = 404});
  EXPECT_THAT(refusal().what, HasSubstr("no project \"p1\""));
}

}  // namespace
}  // namespace rollcall::incus
