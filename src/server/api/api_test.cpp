#include "server/api/api.hpp"

#include <algorithm>
#include <set>
#include <string>

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json/json.hpp"
#include "core/selector_cases.hpp"
#include "support/api_fixture.hpp"
#include "transport/http/client.hpp"

namespace rollcall::server {
namespace {

using namespace std::chrono_literals;
using test::unique_id;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class ServerApi : public test::ApiTest {
 protected:
  /// Starts an engine that runs these instances, and a hub that has listed them.
  void run(const std::vector<std::string>& names) {
    make_api();
    for (const std::string& name : names) put(engine("unix:///e"), name);
    add(engine("unix:///e"));
    settle();
  }

  std::vector<std::string> names(const std::string& target) {
    std::vector<std::string> all;
    const Reply reply = ask(target);
    EXPECT_EQ(reply.status, 200U) << target << " " << *reply.body;
    for (const auto& one : body(reply).at("instances").as_array()) {
      all.emplace_back(one.at("name").as_string());
    }
    return all;
  }

  void label(const std::string& name, const std::vector<Labels::Entry>& labels) {
    auto instance = std::make_shared<Instance>(*test::container_at(engine("unix:///e"), name));
    instance->labels = Labels(labels);
    engine("unix:///e").put(instance);
    engine("unix:///e").touch(unique_id(name), RunMark::changed);
    settle();
  }

  static std::string asking(std::string_view selector) {
    return "/v1/instances?selector=" + encode_query_value(selector);
  }

  static std::string path_of(const std::string& name) {
    return "/unix%3A%2F%2F%2Fe/" + unique_id(name);
  }
};

TEST_F(ServerApi, ListsWhatRuns) {
  run({"web", "db"});
  const Reply reply = ask("/v1/instances");
  EXPECT_EQ(reply.status, 200U);
  EXPECT_EQ(reply.type, "application/json");
  const auto json = body(reply);
  EXPECT_EQ(json.at("instances").as_array().size(), 2U);
  EXPECT_EQ(json.at("cursor").as_string(), to_string(hub_->cursor()));
  EXPECT_EQ(header(reply, "Rollcall-Cursor"), to_string(hub_->cursor()));
  EXPECT_FALSE(json.as_object().contains("stale"));
  const InstancePtr web = hub_->view()->instances.back();
  EXPECT_THAT(*reply.body, HasSubstr(json_text(*web)));
}

TEST_F(ServerApi, ListsNothingAsAnEmptyList) {
  run({});
  EXPECT_THAT(names("/v1/instances"), IsEmpty());
}

TEST_F(ServerApi, FiltersTheList) {
  run({"web", "web-2", "db"});
  label("db", {{"tier", "back"}});
  EXPECT_THAT(names("/v1/instances?name=web"), ElementsAre("web", "web-2"));
  EXPECT_THAT(names("/v1/instances?name=web&name=db"), testing::SizeIs(3));
  EXPECT_THAT(names("/v1/instances?name=w%2A&state=paused"), IsEmpty());
  EXPECT_THAT(names("/v1/instances?runtime=podman"), IsEmpty());
  EXPECT_THAT(names("/v1/instances?label=tier%3Dback"), ElementsAre("db"));
  EXPECT_THAT(names("/v1/instances?selector=tier+in+(back,front)"), ElementsAre("db"));
  EXPECT_THAT(names("/v1/instances?selector=!tier"), ElementsAre("web", "web-2"));
}

TEST_F(ServerApi, TakesTheSelectorsOfTheTable) {
  std::vector<std::string> all;
  for (const test::Labelled& one : test::labelled()) all.emplace_back(one.name);
  run(all);
  for (const test::Labelled& one : test::labelled()) label(std::string(one.name), one.labels);
  for (const auto& [selector, wanted] : test::right_selectors) {
    std::string found;
    for (const std::string& name : names(asking(selector))) found += name;
    std::ranges::sort(found);
    EXPECT_EQ(found, wanted) << selector;
  }
  for (const std::string_view wrong : test::wrong_selectors) {
    EXPECT_THAT(problem_of(asking(wrong), 400), HasSubstr("the label selector '")) << wrong;
  }
}

TEST_F(ServerApi, PicksFields) {
  run({"web"});
  const auto json = body(ask("/v1/instances?fields=name,image,state"));
  const auto& one = json.at("instances").at(0).as_object();
  std::vector<std::string> keys;
  for (const auto& [key, value] : one) keys.emplace_back(key);
  EXPECT_THAT(keys, ElementsAre("key", "name", "state"));
}

TEST_F(ServerApi, SaysWhichParametersThereAre) {
  run({});
  EXPECT_THAT(problem_of("/v1/instances?nane=web", 400), HasSubstr("did you mean 'name'?"));
  EXPECT_THAT(problem_of("/v1/instances?x=1", 400), HasSubstr("runtime, state, health"));
  EXPECT_THAT(problem_of("/livez?x=1", 400), HasSubstr("takes no parameters"));
  EXPECT_THAT(problem_of("/v1/events?since=1-1&since=1-2", 400), HasSubstr("given twice"));
  EXPECT_THAT(problem_of("/v1/instances?state=up", 400), HasSubstr("running, paused"));
  EXPECT_THAT(problem_of("/v1/instances?fields=nam", 400), HasSubstr("did you mean 'name'?"));
  EXPECT_THAT(problem_of("/v1/instances?selector=a%20b", 400), HasSubstr("label selector"));
}

TEST_F(ServerApi, SaysWhatIsNotThere) {
  run({});
  EXPECT_THAT(problem_of("/v1/instancs", 404), HasSubstr("did you mean '/v1/instances'?"));
  EXPECT_THAT(problem_of("/", 404), HasSubstr("/docs"));
  EXPECT_THAT(problem_of("/v1/instances/docker/x/y", 404), HasSubstr("no such instance"));
  EXPECT_THAT(problem_of("/v1/explain/docker/x/y", 404), HasSubstr("no such instance"));
  EXPECT_THAT(problem_of("/%zz", 400), HasSubstr("%25"));
}

TEST_F(ServerApi, IsReadOnly) {
  run({});
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"}) {
    const Reply reply = ask("/v1/instances", {}, method);
    EXPECT_EQ(reply.status, 405U) << method;
    EXPECT_EQ(header(reply, "Allow"), "GET, HEAD");
  }
  EXPECT_EQ(ask("/v1/instances", {}, "HEAD").status, 200U);
}

TEST_F(ServerApi, TellsNothingTwiceToWhoHasIt) {
  run({"web"});
  const std::string tag = header(ask("/v1/instances"), "ETag");
  EXPECT_EQ(ask("/v1/instances", {{"if-none-match", tag}}).status, 304U);
  EXPECT_EQ(ask("/v1/instances?name=web", {{"if-none-match", tag}}).status, 304U);
  EXPECT_EQ(ask("/v1/instances/docker" + path_of("web"), {{"if-none-match", tag}}).status, 304U);
  put(engine("unix:///e"), "db");
  const Reply changed = ask("/v1/instances", {{"if-none-match", tag}});
  EXPECT_EQ(changed.status, 200U);
  EXPECT_NE(header(changed, "ETag"), tag);
}

TEST_F(ServerApi, MakesTheListOnceForEachVersion) {
  run({"web"});
  const Headers gzip = {{"accept-encoding", "gzip"}};
  const SharedText plain = ask("/v1/instances").body;
  const Reply packed = ask("/v1/instances", gzip);
  EXPECT_EQ(header(packed, "Content-Encoding"), "gzip");
  EXPECT_EQ(header(packed, "Vary"), "Accept-Encoding");
  EXPECT_EQ(ask("/v1/instances").body, plain);
  EXPECT_EQ(ask("/v1/instances", gzip).body, packed.body);
  put(engine("unix:///e"), "db");
  EXPECT_NE(ask("/v1/instances").body, plain);
  EXPECT_NE(ask("/v1/instances", gzip).body, packed.body);
  EXPECT_THAT(names("/v1/instances"), testing::SizeIs(2));
}

TEST_F(ServerApi, CompressesWhatIsLong) {
  run({"web"});
  const Reply reply = ask("/openapi.json", {{"accept-encoding", "br, gzip"}});
  EXPECT_EQ(header(reply, "Content-Encoding"), "gzip");
  EXPECT_LT(reply.body->size(), ask("/openapi.json").body->size() / 2);
  EXPECT_EQ(header(ask("/livez", {{"accept-encoding", "gzip"}}), "Content-Encoding"), "");
}

TEST_F(ServerApi, SaysWhichEnginesAreAway) {
  run({"web"});
  add(engine("unix:///other"));
  settle();
  kill(engine("unix:///e"));
  kill(engine("unix:///other"));
  const auto json = body(ask("/v1/instances"));
  EXPECT_EQ(json.at("instances").as_array().size(), 1U);
  ASSERT_EQ(json.at("stale").as_array().size(), 1U) << "nothing is shown of the other";
  EXPECT_EQ(json.at("stale").at(0).at("endpoint").as_string(), "unix:///e");
  EXPECT_FALSE(json.at("stale").at(0).at("reason").as_string().empty());
}

TEST_F(ServerApi, TellsOne) {
  run({"web"});
  const Reply reply = ask("/v1/instances/docker" + path_of("web"));
  EXPECT_EQ(reply.status, 200U);
  EXPECT_EQ(body(reply).at("name").as_string(), "web");
}

TEST_F(ServerApi, Explains) {
  run({"web"});
  const auto json = body(ask("/v1/explain/docker" + path_of("web")));
  EXPECT_EQ(json.at("instance").at("name").as_string(), "web");
  EXPECT_TRUE(json.as_object().contains("registration"));
  EXPECT_FALSE(json.as_object().contains("dns_label_partial"));
  kill(engine("unix:///e"));
  settle();
  EXPECT_TRUE(
      body(ask("/v1/explain/docker" + path_of("web"))).as_object().contains("dns_label_partial"));
}

TEST_F(ServerApi, IsReadyWhenAllHaveAnsweredOrFailed) {
  make_api();
  engine("unix:///e").hold_lists();
  add_found(engine("unix:///e"));
  engine("unix:///dead").connect_error = test::unavailable();
  add_found(engine("unix:///dead"));
  EXPECT_THAT(problem_of("/readyz", 503), HasSubstr("1 of 2 runtimes"));
  EXPECT_EQ(ask("/livez").status, 200U);
  engine("unix:///e").release_lists();
  EXPECT_EQ(ask("/readyz").status, 200U);
}

TEST_F(ServerApi, WaitsTenSecondsForRuntimesAtMost) {
  make_api();
  engine("unix:///e").hold_lists();
  add_found(engine("unix:///e"));
  pass(9s);
  EXPECT_EQ(ask("/readyz").status, 503U);
  pass(1s);
  EXPECT_EQ(ask("/readyz").status, 200U);
}

TEST_F(ServerApi, WantsItsTokenForAllThatTellsOfInstances) {
  run({"web"});
  options_.token = "0123456789abcdef";
  for (const Route& route : api_->routes()) {
    const std::string path(route.path.substr(0, route.path.find('{')));
    if (path != route.path) continue;
    EXPECT_EQ(ask(path).status, route.open ? 200U : 401U) << path;
  }
  EXPECT_EQ(ask("/nowhere").status, 401U) << "what there is is nobody's business";
  EXPECT_EQ(ask("/v1/instances", {{"authorization", "Bearer 0123456789abcdef"}}).status, 200U);
  EXPECT_GT(stats_.refused_requests, 0U);
}

TEST_F(ServerApi, KeepsNothingButTheListInCaches) {
  run({"web"});
  EXPECT_EQ(header(ask("/v1/instances"), "Cache-Control"), "no-cache");
  EXPECT_EQ(header(ask("/livez"), "Cache-Control"), "no-store");
  EXPECT_EQ(header(ask("/nowhere"), "Cache-Control"), "no-store");
}

}  // namespace
}  // namespace rollcall::server
