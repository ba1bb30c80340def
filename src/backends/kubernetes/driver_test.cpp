// What the driver asks of a server, and how a watch handles its lists and watches.
#include "backends/kubernetes/driver.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rollcall/options/kubernetes.hpp>

#include "support/backend_of.hpp"
#include "support/checked_fold.hpp"
#include "support/run.hpp"
#include "support/scripted_engine.hpp"
#include "support/scripted_kubernetes.hpp"
#include "support/virtual_env.hpp"

namespace rollcall::kubernetes {
namespace {

using namespace std::chrono_literals;
using test::ScriptedEngine;
using test::ScriptedKubernetes;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using Family = ScriptedKubernetes::Family;

class KubernetesDriverTest : public testing::TestWithParam<Family> {
 protected:
  ~KubernetesDriverTest() override {
    stop_.request_stop();
    settle();
    EXPECT_TRUE(!watching_ || ended_);
    EXPECT_THAT(fold_.breaches(), IsEmpty()) << transcript(fold_);
  }

  RuntimeBackend& backend() {
    if (backend_) return *backend_;
    options_.log = [this](LogLevel, std::string_view text) { logged_.emplace_back(text); };
    auto driver = make_driver({server_.url(), "test"}, options_, io_.get_executor(), env_);
    driver_ = driver.get();
    backend_ = test::backend_of(std::move(driver), options_, io_.get_executor(), env_);
    return *backend_;
  }

  void watch() {
    auto channel = make_event_channel(io_.get_executor());
    receiver_.emplace(std::move(channel.receiver));
    watching_ = true;
    boost::asio::co_spawn(io_, backend().watch(std::move(channel.sender), stop_.get_token()),
                          [this](const std::exception_ptr& thrown, Result<void> result) {
                            if (thrown) std::rethrow_exception(thrown);
                            ended_ = true;
                            EXPECT_TRUE(result) << result.error();
                          });
    settle();
  }

  void settle() {
    io_.restart();
    while (io_.poll() > 0) io_.restart();
    if (!receiver_) return;
    while (auto event = receiver_->try_receive()) fold_.apply(*event);
  }

  /// Advances virtual time, step by step.
  void pass(Duration duration) {
    settle();
    while (duration > Duration::zero()) {
      const Duration step = std::min(duration, env_->until_next().value_or(duration));
      env_->advance(step);
      duration -= step;
      settle();
    }
  }

  std::vector<InstancePtr> list() {
    auto listed = test::run(io_, backend().list_instances());
    EXPECT_TRUE(listed) << listed.error();
    return listed ? std::move(*listed) : std::vector<InstancePtr>();
  }

  static std::vector<std::string> names_of(const std::vector<InstancePtr>& instances) {
    std::vector<std::string> names;
    for (const InstancePtr& it : instances) names.push_back(it->name);
    return names;
  }

  static std::vector<std::string> ways_to(const Instance& it) {
    std::vector<std::string> ways;
    for (const PortMapping& port : it.ports) {
      if (port.scope != PortScope::internal) {
        ways.push_back(fmt::format("{}:{}->{}", port.host_ip, port.host_port, port.container_port));
      }
    }
    return ways;
  }

  [[nodiscard]] std::size_t requests(std::string_view part) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        server_.requests, [part](const std::string& target) { return target.contains(part); }));
  }

  [[nodiscard]] std::string history(const std::string& uid) const { return fold_.history_of(uid); }

  void add_web(const std::vector<std::string>& pods) {
    kubernetes_.put("services", test::scripted_service("web", "10.96.0.1", 80));
    kubernetes_.put("endpointslices", test::scripted_slice("web-x", "web", 8080, pods));
  }

  boost::asio::io_context io_;
  std::shared_ptr<test::VirtualEnv> env_ = std::make_shared<test::VirtualEnv>(io_);
  ScriptedKubernetes kubernetes_{io_.get_executor(), env_, GetParam()};
  ScriptedEngine server_{io_, kubernetes_};
  BackendOptions options_;
  std::vector<std::string> logged_;
  std::unique_ptr<RuntimeBackend> backend_;
  Driver* driver_ = nullptr;
  std::stop_source stop_;
  std::optional<EventReceiver> receiver_;
  support::CheckedFold fold_;
  bool watching_ = false;
  bool ended_ = false;
};

INSTANTIATE_TEST_SUITE_P(Of, KubernetesDriverTest, testing::Values(Family::v1_20, Family::v1_36),
                         [](const auto& info) {
                           return info.param == Family::v1_20 ? "v1_20" : "v1_36";
                         });

TEST_P(KubernetesDriverTest, AListAsksTheCacheForEachKind) {
  kubernetes_.run("a");
  EXPECT_THAT(names_of(list()), ElementsAre("a"));
  const std::string old = GetParam() == Family::v1_20 ? "beta1" : "";
  EXPECT_THAT(server_.requests, Contains("/version"));
  EXPECT_THAT(server_.requests, Contains("/api/v1/services?resourceVersion=0"));
  EXPECT_THAT(server_.requests, Contains(fmt::format("/apis/discovery.k8s.io/v1{}/endpointslices?"
                                                     "resourceVersion=0",
                                                     old)));
  EXPECT_THAT(server_.requests, Contains("/api/v1/pods?resourceVersion=0"));
  EXPECT_EQ(requests("watch=1"), 0U);
  server_.requests.clear();
  list();
  EXPECT_THAT(server_.requests,
              Contains(fmt::format("/api/v1/pods?resourceVersion={}", kubernetes_.version())));
  EXPECT_EQ(requests("endpointslices"), 1U);
}

TEST_P(KubernetesDriverTest, PodsHaveThePortsOfServicesFromTheFirstWordOn) {
  const std::string a = kubernetes_.run("a");
  add_web({"a"});
  watch();
  EXPECT_EQ(history(a), "started");
  EXPECT_THAT(ways_to(*fold_.running().at(a)), ElementsAre("10.96.0.1:80->8080"));
  EXPECT_THAT(ways_to(*list().front()), ElementsAre("10.96.0.1:80->8080"));
}

TEST_P(KubernetesDriverTest, AChangeOfAServiceUpdatesThePodsBehindItAlone) {
  const std::string a = kubernetes_.run("a");
  const std::string b = kubernetes_.run("b");
  add_web({"a"});
  watch();
  kubernetes_.put("services", test::scripted_service("web", "10.96.0.2", 80));
  settle();
  EXPECT_THAT(ways_to(*fold_.running().at(a)), ElementsAre("10.96.0.2:80->8080"));
  kubernetes_.put("endpointslices", test::scripted_slice("web-x", "web", 8080, {"b"}));
  settle();
  EXPECT_THAT(ways_to(*fold_.running().at(a)), IsEmpty());
  EXPECT_THAT(ways_to(*fold_.running().at(b)), SizeIs(1));
  EXPECT_EQ(history(a), "started updated updated");
  EXPECT_EQ(history(b), "started updated");
  kubernetes_.erase("services", "web");
  settle();
  EXPECT_EQ(history(a), "started updated updated");
  EXPECT_EQ(history(b), "started updated updated");
}

TEST_P(KubernetesDriverTest, EndpointsDoWhereThereAreNoSlices) {
  kubernetes_.has_slices = false;
  kubernetes_.run("a");
  kubernetes_.put("services", test::scripted_service("web", "10.96.0.1", 80));
  kubernetes_.put(
      "endpoints",
      {{"metadata", {{"name", "web"}}},
       {"subsets",
        {{{"addresses", {{{"ip", "10.1.0.7"}, {"targetRef", {{"kind", "Pod"}, {"name", "a"}}}}}},
          {"ports", {{{"name", "http"}, {"port", 8080}}}}}}}});
  EXPECT_THAT(ways_to(*list().front()), ElementsAre("10.96.0.1:80->8080"));
}

TEST_P(KubernetesDriverTest, ARestartOfAContainerIsAnUpdate) {
  const std::string a = kubernetes_.run("a");
  watch();
  pass(5s);
  kubernetes_.restart(a);
  settle();
  EXPECT_EQ(history(a), "started updated");
  kubernetes_.crash(a);
  settle();
  EXPECT_EQ(fold_.running().at(a)->state, InstanceState::restarting);
  EXPECT_EQ(fold_.running().at(a)->reason, "CrashLoopBackOff");
  kubernetes_.remove(a);
  settle();
  EXPECT_EQ(history(a), "started updated updated stopped");
}

TEST_P(KubernetesDriverTest, ANormalEndGoesOnFromTheLastVersionWithoutAList) {
  kubernetes_.run("a");
  watch();
  pass(5s);
  kubernetes_.run("b");
  settle();
  const std::uint64_t seen = kubernetes_.version();
  server_.requests.clear();
  kubernetes_.end_streams();
  const std::string c = kubernetes_.run("c");
  settle();
  EXPECT_EQ(history(c), "started");
  EXPECT_THAT(server_.requests, SizeIs(3));
  EXPECT_THAT(server_.requests, Each(HasSubstr("watch=1&resourceVersion=")));
  EXPECT_THAT(server_.requests,
              Contains(HasSubstr(fmt::format("/pods?watch=1&resourceVersion={}&", seen))));
  EXPECT_THAT(server_.requests, Each(HasSubstr("timeoutSeconds=290")));
  EXPECT_EQ(fold_.count("backend_disconnected"), 0U);
}

TEST_P(KubernetesDriverTest, ABookmarkIsWhereAQuietWatchGoesOn) {
  watch();
  pass(5s);
  kubernetes_.put("configmaps", {{"metadata", {{"name", "x"}}}});
  kubernetes_.bookmark();
  settle();
  server_.requests.clear();
  kubernetes_.end_streams();
  settle();
  EXPECT_THAT(server_.requests,
              Each(HasSubstr(fmt::format("resourceVersion={}&", kubernetes_.version()))));
}

TEST_P(KubernetesDriverTest, AVersionThatIsTooOldListsAgainWithoutAnOutage) {
  const std::string a = kubernetes_.run("a");
  watch();
  pass(5s);
  kubernetes_.end_streams();
  kubernetes_.remove(a);
  const std::string b = kubernetes_.run("b");
  kubernetes_.compact();
  pass(1s);
  EXPECT_EQ(history(a), "started stopped");
  EXPECT_EQ(history(b), "started");
  EXPECT_EQ(fold_.count("backend_disconnected"), 0U);
}

TEST_P(KubernetesDriverTest, VersionsThatAreAlwaysTooOldAreNoBusyLoop) {
  kubernetes_.run("a");
  watch();
  server_.requests.clear();
  for (int i = 0; i < 600; ++i) {
    kubernetes_.expire();
    pass(100ms);
  }
  EXPECT_LE(requests("/version"), 60U);
  EXPECT_LE(server_.requests.size(), 6U * 40U);
  const std::string b = kubernetes_.run("b");
  pass(1min);
  EXPECT_EQ(history(b), "started");
}

TEST_P(KubernetesDriverTest, PagesAreAskedForWhereTheCacheIsBehind) {
  for (int i = 0; i < 1203; ++i) kubernetes_.run(fmt::format("p{:04}", i));
  kubernetes_.cache_is_behind = true;
  EXPECT_THAT(list(), SizeIs(1203));
  EXPECT_EQ(requests("/pods?limit=500"), 3U);
  EXPECT_EQ(requests("/pods?limit=500&continue="), 2U);
}

TEST_P(KubernetesDriverTest, AServerThatCountsFromAnOlderVersionIsListedAnew) {
  const std::string stays = kubernetes_.run("stays");
  const std::string lost = kubernetes_.run("lost");
  watch();
  const std::uint64_t before = kubernetes_.version();
  kubernetes_.remove_silently(lost);
  kubernetes_.go_back(before / 2);
  pass(1min);
  EXPECT_EQ(history(stays), "started");
  EXPECT_EQ(history(lost), "started stopped");
  const std::string later = kubernetes_.run("later");
  pass(1s);
  EXPECT_EQ(history(later), "started");
}

TEST_P(KubernetesDriverTest, AVersionThatIsUsedAgainIsNotTakenForWhatItWasBefore) {
  const std::string id = kubernetes_.run("a");
  const std::uint64_t version = kubernetes_.version();
  kubernetes_.run("b");
  watch();
  kubernetes_.go_back(version - 1);
  kubernetes_.change(
      id, [](auto& pod) { pod["metadata"].as_object()["labels"] = {{"word", "other"}}; }, false);
  ASSERT_EQ(kubernetes_.version(), version);
  pass(1min);
  EXPECT_EQ(fold_.running().at(id)->labels.find("word"), "other");
}

TEST_P(KubernetesDriverTest, APageThatExpiresIsAskedForWithAllOthers) {
  for (int i = 0; i < 1203; ++i) kubernetes_.run(fmt::format("p{:04}", i));
  kubernetes_.cache_is_behind = true;
  kubernetes_.expire_page = 2;
  EXPECT_THAT(list(), SizeIs(1203));
  EXPECT_THAT(server_.requests, Contains("/api/v1/pods?resourceVersion="));
}

TEST_P(KubernetesDriverTest, ServicesThatMayNotBeReadAreABlindSpot) {
  const std::string a = kubernetes_.run("a");
  add_web({"a"});
  kubernetes_.forbidden = {"services"};
  watch();
  EXPECT_EQ(history(a), "started");
  EXPECT_THAT(ways_to(*fold_.running().at(a)), IsEmpty());
  EXPECT_EQ(fold_.count("backend_disconnected"), 0U);
  auto session = test::run(io_, driver_->connect(Purpose::list));
  ASSERT_TRUE(session);
  ASSERT_TRUE(test::run(io_, (*session)->list()));
  EXPECT_THAT((*session)->info().blind_spot, HasSubstr("services"));
  kubernetes_.forbidden.clear();
  pass(13min);
  EXPECT_THAT(ways_to(*fold_.running().at(a)), SizeIs(1));
  EXPECT_EQ(history(a), "started updated");
  EXPECT_EQ(fold_.count("backend_disconnected"), 0U);
}

TEST_P(KubernetesDriverTest, ServicesThatTheServerFailsOverHideNoPodAndKeepTheirPorts) {
  const std::string a = kubernetes_.run("a");
  add_web({"a"});
  const test::Fault fault{
      .verb = test::Fault::Verb::refuse_with, .where = "/services", .amount = 500};
  server_.inject(fault);
  watch();
  EXPECT_EQ(history(a), "started");
  auto session = test::run(io_, driver_->connect(Purpose::list));
  ASSERT_TRUE(session);
  const auto listed = test::run(io_, (*session)->list());
  ASSERT_TRUE(listed) << listed.error();
  EXPECT_THAT(listed->readings, SizeIs(1));
  EXPECT_THAT((*session)->info().blind_spot, HasSubstr("services"));
  server_.heal();
  pass(1min);
  EXPECT_EQ(history(a), "started updated") << "it is asked again soon";
  EXPECT_THAT(ways_to(*fold_.running().at(a)), SizeIs(1));
  EXPECT_EQ(fold_.count("backend_disconnected"), 0U);
  server_.inject(fault);
  server_.drop_connections();
  pass(3min);
  EXPECT_EQ(fold_.count("backend_reconnected"), 1U);
  EXPECT_THAT(ways_to(*fold_.running().at(a)), SizeIs(1)) << "what was known of them stays";
}

TEST_P(KubernetesDriverTest, ARefusalOfAMomentTakesNoPortsAway) {
  const std::string a = kubernetes_.run("a");
  add_web({"a"});
  watch();
  kubernetes_.forbidden = {"services"};
  server_.drop_connections();
  pass(250ms);
  kubernetes_.forbidden.clear();
  pass(1s);
  EXPECT_EQ(history(a), "started");
  EXPECT_EQ(fold_.count("backend_reconnected"), 1U);
  kubernetes_.forbidden = {"services"};
  server_.drop_connections();
  pass(30s);
  EXPECT_EQ(history(a), "started updated");
  EXPECT_THAT(ways_to(*fold_.running().at(a)), IsEmpty());
}

TEST_P(KubernetesDriverTest, OurOwnNamespaceIsListedWhereTheClusterIsRefused) {
  kubernetes_.run("mine");
  const std::string theirs = kubernetes_.run("theirs", "other");
  kubernetes_.forbidden = {"v1/pods", "v1/services"};
  EXPECT_THAT(names_of(list()), ElementsAre("mine"));
  EXPECT_THAT(logged_, Contains(HasSubstr("only the namespace default is listed")));
  auto session = test::run(io_, driver_->connect(Purpose::list));
  ASSERT_TRUE(session);
  ASSERT_TRUE(test::run(io_, (*session)->list()));
  EXPECT_THAT((*session)->info().blind_spot, HasSubstr("only the namespace default is listed"));
  watch();
  EXPECT_EQ(history(theirs), "");
  kubernetes_.forbidden.clear();
  pass(13min);
  EXPECT_EQ(history(theirs), "started");
}

TEST_P(KubernetesDriverTest, WhereNothingMayBeReadTheErrorNamesTheRight) {
  kubernetes_.forbidden = {"pods"};
  const auto listed = test::run(io_, backend().list_instances());
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().kind, ErrorKind::denied);
  EXPECT_EQ(listed.error().fault, ConnectFault::denied);
  EXPECT_THAT(listed.error().what, HasSubstr("pods"));
  EXPECT_THAT(listed.error().remedy, HasSubstr("list"));
}

TEST_P(KubernetesDriverTest, ChosenNamespacesAreListedAndWatchedOneByOne) {
  options_.of<KubernetesOptions>().namespaces = {"one", "two"};
  const std::string a = kubernetes_.run("a", "one");
  kubernetes_.run("b", "three");
  watch();
  const std::string c = kubernetes_.run("c", "two");
  kubernetes_.run("d", "three");
  settle();
  EXPECT_THAT(fold_.running(), SizeIs(2));
  EXPECT_EQ(history(a), "started");
  EXPECT_EQ(history(c), "started");
  EXPECT_EQ(requests("/api/v1/pods"), 0U);
  EXPECT_EQ(requests("/namespaces/two/pods?watch=1&resourceVersion"), 1U);
}

TEST_P(KubernetesDriverTest, ANodeAndASelectorAreOfPodsAlone) {
  options_.of<KubernetesOptions>().node = "node-1";
  options_.of<KubernetesOptions>().selector = "app=a";
  const std::string a = kubernetes_.run("a");
  kubernetes_.run("b");
  watch();
  EXPECT_THAT(fold_.running(), SizeIs(1));
  EXPECT_THAT(server_.requests, Contains(HasSubstr("/pods?watch=1&resourceVersion=")));
  for (const std::string& target : server_.requests) {
    EXPECT_EQ(target.contains("fieldSelector=spec.nodeName%3Dnode-1&labelSelector=app%3Da"),
              target.contains("/pods"))
        << target;
  }
  kubernetes_.change(a, [](boost::json::object& pod) {
    pod["metadata"].as_object()["labels"].as_object()["app"] = "other";
  });
  settle();
  EXPECT_EQ(history(a), "started stopped");
}

TEST_P(KubernetesDriverTest, AListThatChangedNothingKeepsEveryObject) {
  for (const char* name : {"a", "b", "c"}) kubernetes_.run(name);
  add_web({"a", "b"});
  watch();
  const auto before = fold_.running();
  kubernetes_.expire();
  pass(1s);
  server_.drop_connections();
  pass(1s);
  EXPECT_EQ(fold_.count("backend_reconnected"), 1U);
  for (const InstancePtr& it : list()) {
    EXPECT_EQ(it.get(), before.at(it->key.id).get()) << it->name;
  }
}

TEST_P(KubernetesDriverTest, EndedPodsAreListedForThoseWhoAsk) {
  options_.include_stopped = true;
  kubernetes_.create("pending");
  kubernetes_.complete(kubernetes_.run("done"));
  EXPECT_THAT(names_of(list()), UnorderedElementsAre("pending", "done"));
}

TEST_P(KubernetesDriverTest, EventsThatAreNotKnownTellHowTheirObjectIs) {
  const std::string a = kubernetes_.run("a");
  watch();
  kubernetes_.tell_raw(R"({"type":"TRANSFIGURED","object":{}})");
  kubernetes_.change(
      a, [](boost::json::object& pod) { pod["spec"].as_object()["nodeName"] = "n2"; }, false);
  kubernetes_.tell_as("TRANSFIGURED", a);
  settle();
  EXPECT_EQ(history(a), "started updated");
  EXPECT_EQ(fold_.running().at(a)->node, "n2");
  EXPECT_EQ(fold_.count("backend_disconnected"), 0U);
}

TEST_P(KubernetesDriverTest, AnErrorThatIsNotOfVersionsIsAnOutage) {
  kubernetes_.run("a");
  watch();
  pass(5s);
  kubernetes_.tell_raw(
      R"({"type":"ERROR","object":{"kind":"Status","status":"Failure",)"
      R"("message":"etcdserver: leader changed","reason":"InternalError","code":500}})");
  settle();
  EXPECT_EQ(fold_.count("backend_disconnected"), 1U);
  pass(1s);
  EXPECT_EQ(fold_.count("backend_reconnected"), 1U);
}

TEST_P(KubernetesDriverTest, HostileObjectsInAWatchAreToldWithANote) {
  watch();
  kubernetes_.tell_raw(R"({"type":"ADDED","object":{"metadata":{"uid":"u","name":"odd",)"
                       R"("namespace":"default","resourceVersion":"99999"},"spec":tru}})");
  settle();
  ASSERT_THAT(fold_.running(), SizeIs(1));
  EXPECT_EQ(fold_.running().at("u")->state, InstanceState::unknown);
  EXPECT_THAT(fold_.running().at("u")->problems, Not(IsEmpty()));
  fold_.apply(Stopped{"u", "odd", fold_.running().at("u"), Cause::resync});
}

TEST_P(KubernetesDriverTest, StreamedListsAreAskedForWhereTheServerHasThem) {
  kubernetes_.run("a");
  watch();
  const bool streamed = GetParam() == Family::v1_36;
  EXPECT_EQ(requests("sendInitialEvents"), streamed ? 3U : 0U);
  EXPECT_EQ(requests("/pods?resourceVersion=0&sendInitialEvents"), streamed ? 1U : 0U);
}

TEST_P(KubernetesDriverTest, StreamedListsThatAreRefusedAreAskedForOnce) {
  kubernetes_.streams_lists = false;
  const std::string a = kubernetes_.run("a");
  watch();
  server_.drop_connections();
  pass(1s);
  EXPECT_EQ(history(a), "started");
  EXPECT_LE(requests("sendInitialEvents"), 1U);
  EXPECT_EQ(requests("/pods?resourceVersion="), 2U);
}

}  // namespace
}  // namespace rollcall::kubernetes
