// What the driver asks of an engine, and how it reads the answers.
#include "backends/docker/driver.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rollcall/options/docker.hpp>

#include "support/http_server.hpp"
#include "support/run.hpp"
#include "support/virtual_env.hpp"
#include "support/written_host.hpp"
#include "transport/endpoint.hpp"

namespace rollcall::docker {
namespace {

using namespace std::chrono_literals;
using test::http_answer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

const std::string docker = "Server: Docker/28.5.2 (linux)\r\nApi-Version: 1.51\r\n";
const std::string podman =
    "Server: Libpod/4.3.1 (linux)\r\nApi-Version: 1.41\r\nLibpod-Api-Version: 4.3.1\r\n";
const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string chunk(const std::string& text) {
  return fmt::format("{:x}\r\n{}\r\n", text.size(), text);
}

std::string item(const std::string& id, const std::string& network = "bridge") {
  return fmt::format(
      R"({{"Id":"{0}","Names":["/{0}"],"Image":"i","State":"running","Status":"Up 1 second",)"
      R"("Created":1,"Ports":[],"Labels":{{}},"HostConfig":{{"NetworkMode":"{1}"}},)"
      R"("NetworkSettings":{{"Networks":{{"bridge":{{"IPAddress":"10.0.0.1"}}}}}}}})",
      id, network);
}

std::string event(const std::string& action, const std::string& id, long long at) {
  return fmt::format(
      R"({{"Type":"container","Action":"{}","Actor":{{"ID":"{}","Attributes":{{}}}},)"
      R"("timeNano":{}}})"
      "\n",
      action, id, at);
}

class DockerDriverTest : public testing::Test {
 protected:
  /// The engine's answers: to the ping, to the events, to the list.
  std::string hello_ = http_answer("OK", 200, docker);
  std::string events_ = chunked + "<hold>";
  std::string list_ = http_answer("[]");
  std::string inspect_ = http_answer("{}");
  bool read_env_ = false;

  std::string answer(const std::string& target) {
    if (target == "/_ping") return hello_;
    if (target.find("/events") != std::string::npos) return events_;
    return target.find("/containers/json") != std::string::npos ? list_ : inspect_;
  }

  Result<std::shared_ptr<Session>> connect(Purpose purpose = Purpose::watch) {
    if (!driver_) {
      BackendOptions options;
      options.of<DockerOptions>().read_env = read_env_;
      options.log = [this](LogLevel, std::string_view text) { logged_.emplace_back(text); };
      driver_ = make_driver({server_.url(), "test"}, options, io_.get_executor(), env_);
    }
    return test::run(io_, driver_->connect(purpose));
  }

  std::vector<std::string> requests_after_connect() {
    return {server_.requests.begin() + 2, server_.requests.end()};
  }

  boost::asio::io_context io_;
  std::shared_ptr<test::VirtualEnv> env_ = std::make_shared<test::VirtualEnv>(io_);
  test::HttpServer server_{io_, [this](const std::string& target) { return answer(target); }};
  std::unique_ptr<Driver> driver_;
  std::vector<std::string> logged_;
};

TEST_F(DockerDriverTest, SpeaksTheVersionThatTheEngineOffers) {
  auto session = connect();
  ASSERT_TRUE(session) << session.error();
  EXPECT_EQ(driver_->name(), "docker");
  EXPECT_EQ((*session)->info().version, "28.5.2");
  EXPECT_THAT(server_.requests, ElementsAre("/_ping", StartsWith("/v1.51/events?since=")));
}

TEST_F(DockerDriverTest, AListNeedsNoStream) {
  auto session = connect(Purpose::list);
  ASSERT_TRUE(session);
  ASSERT_TRUE(test::run(io_, (*session)->list()));
  EXPECT_THAT(server_.requests, ElementsAre("/_ping", "/v1.51/containers/json?all=0"));
}

TEST_F(DockerDriverTest, SomethingElseIsNotThisApi) {
  hello_ = http_answer("<html>", 200, "Server: nginx\r\n");
  EXPECT_EQ(connect().error().fault, ConnectFault::not_this_api);
  hello_ = http_answer("not found", 404);
  EXPECT_EQ(connect().error().fault, ConnectFault::not_this_api);
}

TEST_F(DockerDriverTest, ARefusalIsDeniedWithTheEnginesWords) {
  hello_ = http_answer(R"({"message":"not \u001b[31mallowed"})", 403);
  const RuntimeError error = connect().error();
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_THAT(error.what, HasSubstr("allowed"));
  EXPECT_EQ(error.what.find('\x1b'), std::string::npos);
}

TEST_F(DockerDriverTest, AnEngineThatFailsIsUnavailable) {
  list_ = http_answer(R"({"message":"layer store is gone"})", 500);
  auto session = connect();
  const auto listed = test::run(io_, (*session)->list());
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(listed.error().what, HasSubstr("layer store is gone"));
}

TEST_F(DockerDriverTest, AListIsCompleteOrAnError) {
  const std::string all = "[" + item("a") + "," + item("b") + "]";
  auto session = connect();
  list_ = http_answer(all);
  EXPECT_EQ(test::run(io_, (*session)->list())->readings.size(), 2U);
  for (const std::size_t cut : {std::size_t{1}, all.size() / 2, all.size() - 1}) {
    list_ = http_answer(all);
    list_.resize(list_.size() - cut);
    list_ += "<close>";
    EXPECT_FALSE(test::run(io_, (*session)->list())) << cut;
  }
  list_ = http_answer(all.substr(0, all.size() - 1));
  EXPECT_EQ(test::run(io_, (*session)->list()).error().kind, ErrorKind::protocol);
}

TEST_F(DockerDriverTest, AStartIsReadWithOneRequest) {
  list_ = http_answer("[" + item("a") + "]");
  auto session = connect();
  auto read = test::run(io_, (*session)->read({{.id = "a", .mark = RunMark::began}}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->readings.size(), 1U);
  EXPECT_THAT(requests_after_connect(),
              ElementsAre("/v1.51/containers/json?all=0&filters=%7B%22id%22%3A%5B%22a%22%5D%7D"));
}

TEST_F(DockerDriverTest, AnyOtherChangeWaitsForTheEngineToStoreIt) {
  list_ = http_answer("[" + item("a") + "]");
  auto session = connect();
  auto read = test::run(io_, (*session)->read({{.id = "a", .mark = RunMark::ended}}));
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->readings.front().settled);
  EXPECT_THAT(requests_after_connect(),
              ElementsAre("/v1.51/containers/a/json", StartsWith("/v1.51/containers/json")));
}

TEST_F(DockerDriverTest, WhereInspectingIsRefusedItIsLookedAtAgain) {
  list_ = http_answer("[" + item("a") + "]");
  inspect_ = http_answer("forbidden", 403);
  auto session = connect();
  auto read = test::run(io_, (*session)->read({{.id = "a", .mark = RunMark::changed}}));
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->readings.front().settled);
}

TEST_F(DockerDriverTest, TheEnvironmentIsReadOnlyIfThatIsAskedForAndThenOnce) {
  list_ = http_answer("[" + item("a") + "]");
  inspect_ = http_answer(R"({"Config":{"Env":["VIRTUAL_HOST=a.example","PASSWORD=s3cr3t"]}})");
  auto without = connect(Purpose::list);
  EXPECT_EQ(test::run(io_, (*without)->list())->readings.at(0).instance->metadata, nullptr);
  EXPECT_EQ(server_.requests.back(), "/v1.51/containers/json?all=0");

  driver_.reset();
  read_env_ = true;
  auto session = connect(Purpose::list);
  for (int i = 0; i < 2; ++i) {
    const auto listed = test::run(io_, (*session)->list());
    ASSERT_TRUE(listed);
    const auto& metadata = listed->readings.at(0).instance->metadata;
    ASSERT_NE(metadata, nullptr);
    EXPECT_EQ(metadata->routes.at(0).hosts, std::vector<std::string>{"a.example"});
  }
  EXPECT_THAT(server_.requests,
              ElementsAre("/_ping", "/v1.51/containers/json?all=0", "/_ping",
                          "/v1.51/containers/json?all=0", "/v1.51/containers/a/json",
                          "/v1.51/containers/json?all=0"));
}

TEST_F(DockerDriverTest, WhereInspectingIsRefusedTheEnvironmentIsNotReadAndThatIsSaidOnce) {
  list_ = http_answer("[" + item("a") + "," + item("b") + "]");
  inspect_ = http_answer("forbidden", 403);
  read_env_ = true;
  auto session = connect(Purpose::list);
  EXPECT_EQ(test::run(io_, (*session)->list())->readings.size(), 2U);
  EXPECT_THAT(logged_, ElementsAre(HasSubstr("its environment is not read")));
}

TEST_F(DockerDriverTest, TheStreamGivesChangesAndItsRegularEnd) {
  events_ = chunked + chunk(event("start", "a", 5)) + chunk("\n") + "0\r\n\r\n";
  auto session = connect();
  auto change = test::run(io_, (*session)->next());
  ASSERT_TRUE(change);
  EXPECT_EQ(std::get<Touched>(*change).mark, RunMark::began);
  change = test::run(io_, (*session)->next());
  ASSERT_TRUE(change);
  EXPECT_TRUE(std::holds_alternative<StreamEnded>(*change));
}

TEST_F(DockerDriverTest, AStreamThatIsCutIsAnError) {
  const std::string line = event("start", "a", 5);
  for (std::size_t end = 0; end < line.size(); end += 7) {
    events_ = chunked + chunk(line).substr(0, end + 4) + "<close>";
    auto session = connect();
    ASSERT_TRUE(session);
    EXPECT_FALSE(test::run(io_, (*session)->next())) << end;
  }
}

TEST_F(DockerDriverTest, ANewSessionAsksForTheEventsSinceTheLastOne) {
  const auto last = 1'700'000'000'000'000'123LL;
  events_ = chunked + chunk(event("start", "a", last)) + "<hold>";
  auto session = connect();
  ASSERT_TRUE(test::run(io_, (*session)->next()));
  session = connect();
  ASSERT_TRUE(session);
  EXPECT_THAT(server_.requests.back(), StartsWith("/v1.51/events?since=1700000000.000000123&"));
}

TEST_F(DockerDriverTest, AClockThatWasSetBackDoesNotMakeItDeaf) {
  const auto future = 4'000'000'000'000'000'000LL;
  events_ = chunked + chunk(event("start", "a", future)) + "<hold>";
  auto session = connect();
  ASSERT_TRUE(test::run(io_, (*session)->next()));
  session = connect();
  const auto now = std::chrono::floor<std::chrono::seconds>(env_->now()).time_since_epoch().count();
  EXPECT_THAT(server_.requests.back(), StartsWith(fmt::format("/v1.51/events?since={}.", now - 1)));
}

TEST_F(DockerDriverTest, WhereEventsAreRefusedItListsEveryTenSecondsAndSaysSo) {
  events_ = http_answer("forbidden", 403);
  auto session = connect();
  ASSERT_TRUE(session);
  EXPECT_THAT(logged_, ElementsAre(HasSubstr("listed every 10 s instead")));
  std::optional<Result<Change>> change;
  boost::asio::co_spawn(io_, (*session)->next(), [&](const std::exception_ptr&, Result<Change> c) {
    change = std::move(c);
  });
  env_->advance(9s);
  EXPECT_FALSE(change);
  env_->advance(2s);
  ASSERT_TRUE(change && change->has_value());
  EXPECT_TRUE(std::holds_alternative<ResyncNeeded>(**change));
}

TEST_F(DockerDriverTest, ASocketThatIsPodmansIsLeftToPodman) {
  hello_ = http_answer("OK", 200, podman);
  const RuntimeError error = connect().error();
  EXPECT_EQ(error.fault, ConnectFault::not_this_api);
  EXPECT_THAT(error.what, HasSubstr("this is Podman 4.3.1, and not Docker"));
}

TEST_F(DockerDriverTest, OneThatJoinedANetworkIsTouchedWithItsOwner) {
  list_ = http_answer("[" + item("o") + "," + item("j", "container:o") + "]");
  events_ = chunked + chunk(event("pause", "o", 5)) + "<hold>";
  auto session = connect();
  auto listed = test::run(io_, (*session)->list());
  ASSERT_TRUE(listed);
  for (const Reading& reading : listed->readings) EXPECT_EQ(reading.instance->addresses.size(), 1U);
  EXPECT_EQ(std::get<Touched>(*test::run(io_, (*session)->next())).id, "o");
  EXPECT_EQ(std::get<Touched>(*test::run(io_, (*session)->next())).id, "j");
}

TEST_F(DockerDriverTest, AllOfAChainAreTouchedWithItsFirstOwner) {
  list_ = http_answer("[" + item("o") + "," + item("j", "container:o") + "," +
                      item("a", "container:j") + "]");
  events_ = chunked + chunk(event("start", "o", 5)) + "<hold>";
  auto session = connect();
  auto listed = test::run(io_, (*session)->list());
  ASSERT_TRUE(listed);
  for (const Reading& reading : listed->readings) EXPECT_EQ(reading.instance->addresses.size(), 1U);
  std::vector<std::string> touched;
  for (int i = 0; i < 3; ++i) {
    touched.push_back(std::get<Touched>(*test::run(io_, (*session)->next())).id);
  }
  EXPECT_THAT(touched, ElementsAre("o", "a", "j"));
}

TEST_F(DockerDriverTest, AnOwnerThatDoesNotRunIsAskedForOnceMore) {
  list_ = http_answer("[" + item("j", "container:o") + "]");
  auto session = connect();
  auto listed = test::run(io_, (*session)->list());
  ASSERT_TRUE(listed);
  EXPECT_FALSE(listed->readings.at(0).settled);
  EXPECT_THAT(requests_after_connect(),
              ElementsAre("/v1.51/containers/json?all=0",
                          StartsWith("/v1.51/containers/json?all=1&filters=")));
}

TEST_F(DockerDriverTest, OneThatJoinedOneWithTheHostsNetworkUsesTheHosts) {
  list_ = http_answer("[" + item("o", "host") + "," + item("j", "container:o") + "]");
  auto session = connect();
  auto listed = test::run(io_, (*session)->list());
  ASSERT_TRUE(listed);
  for (const Reading& reading : listed->readings) {
    EXPECT_EQ(reading.instance->network_mode, NetworkMode::host) << reading.instance->key.id;
    EXPECT_EQ(reading.instance->network_owner, "");
  }
}

// What a list says of a container whose server listens on port 80 of the host.
Instance listed_with_the_hosts_network(boost::asio::io_context& io, const EnvPtr& env,
                                       const std::string& url, const HostViewPtr& host) {
  const auto driver =
      make_driver({url, "test"}, {}, env, Wire::to(*parse_endpoint(url, 2375)), host);
  auto session = test::run(io, driver->connect(Purpose::list));
  EXPECT_TRUE(session) << session.error();
  auto listed = test::run(io, (*session)->list());
  EXPECT_TRUE(listed) << listed.error();
  return *listed->readings.at(0).instance;
}

TEST_F(DockerDriverTest, OneWithTheHostsNetworkHasThePortsOfItsProcesses) {
  const std::string id(64, 'c');
  const auto host = std::make_shared<test::WrittenHost>();
  host->add(10, {1}, "/docker/" + id);
  host->sockets_of[0] = {{.address = boost::asio::ip::make_address("::1"), .port = 80, .inode = 1}};
  list_ = http_answer("[" + item(id, "host") + "]");
  const auto here = listed_with_the_hosts_network(io_, env_, server_.url(), host);
  const PortMapping port{.host_ip = "::1",
                         .host_port = 80,
                         .container_port = 80,
                         .protocol = Protocol::tcp,
                         .name = "",
                         .scope = PortScope::host};
  EXPECT_THAT(here.ports, ElementsAre(port));
}

TEST(DockerDriver, AnEngineThatIsNotVerifiedIsAWarning) {
  std::vector<std::string> said;
  BackendOptions options;
  options.log = [&said](LogLevel level, std::string_view message) {
    if (level == LogLevel::warning) said.emplace_back(message);
  };
  boost::asio::io_context io;
  const auto make = [&](TlsOptions tls) {
    return make_driver({.url = "https://h:1", .source = "test", .tls = std::move(tls)}, options,
                       io.get_executor(), system_env());
  };
  EXPECT_NE(make({}), nullptr);
  EXPECT_NE(make({.verify = false, .pinned = {.text = "a certificate"}}), nullptr);
  EXPECT_NE(make({.verify = false, .fingerprint = std::string(64, 'a')}), nullptr);
  EXPECT_THAT(said, testing::IsEmpty());
  EXPECT_NE(make({.verify = false}), nullptr);
  EXPECT_THAT(said, ElementsAre("https://h:1: the engine's certificate is not verified"));
}

TEST_F(DockerDriverTest, AProbeIsAConnectionOfItsOwn) {
  auto session = connect();
  EXPECT_TRUE(test::run(io_, (*session)->probe()));
  EXPECT_EQ(server_.requests.back(), "/_ping");
}

}  // namespace
}  // namespace rollcall::docker
