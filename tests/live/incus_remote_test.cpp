// A real LXD or Incus server behind https, found through the remotes of its own command.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value_to.hpp>
#include <fmt/format.h>

#include "live/incus_live.hpp"
#include "support/certificates.hpp"
#include "support/temp_folder.hpp"

namespace rollcall::support {
namespace {

namespace json = boost::json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// The text between the BEGIN and END lines.
std::string body_of(const std::string& pem) {
  const std::size_t begin = pem.find('\n') + 1;
  std::string body = pem.substr(begin, pem.find("-----END") - begin);
  std::erase(body, '\n');
  return body;
}

class IncusRemote : public IncusLive {
 protected:
  void SetUp() override {
    start_server();
    server().act("PATCH", "/1.0", {{"config", {{"core.https_address", "127.0.0.1:8443"}}}});
    const json::value environment = server().get("/1.0").at("environment");
    pin(json::value_to<std::string>(environment.at("certificate")));
    folder_.write("config.yml", "remotes:\n  srv:\n    addr: https://127.0.0.1:8443\n");
    folder_.write("client.crt", client_.certificate);
    folder_.write("client.key", client_.key);
  }

  void pin(const std::string& certificate) { folder_.write("servercerts/srv.crt", certificate); }

  /// `projects`: empty for all.
  void trust(const std::vector<std::string>& projects) {
    server().act("POST", "/1.0/certificates",
                 {{"name", "test"},
                  {"type", "client"},
                  {"certificate", body_of(client_.certificate)},
                  {"restricted", !projects.empty()},
                  {"projects", json::array(projects.begin(), projects.end())}});
  }

  [[nodiscard]] BackendOptions remote() const {
    BackendOptions options;
    options.endpoint = "https://127.0.0.1:8443";
    options.getenv =
        [folder = folder_.path().string()](std::string_view name) -> std::optional<std::string> {
      if (name == "INCUS_CONF") return folder;
      return std::nullopt;
    };
    return options;
  }

  /// The error of connecting.
  RuntimeError refusal() {
    WatchFold backend(RuntimeBackendKind::incus, remote(),
                      [this] { server().room().join_network(); });
    const auto connected = backend.connect();
    EXPECT_FALSE(connected);
    return connected ? RuntimeError{} : connected.error();
  }

 private:
  TempFolder folder_;
  Identity client_ = self_signed();
};

TEST_F(IncusRemote, is_watched_by_who_is_trusted) {
  trust({});
  start_watch(remote());
  const auto id = server().run({.name = "web"});
  ASSERT_TRUE(starts(id));
  EXPECT_EQ(watched().fold().running().at(id)->key.endpoint, "https://127.0.0.1:8443");
  server().kill9();
  EXPECT_TRUE(counts("backend_disconnected", 1));
  server().start();
  EXPECT_TRUE(counts("backend_reconnected", 1)) << transcript(watched().fold());
  server().remove(id);
  EXPECT_TRUE(stops(id));
}

TEST_F(IncusRemote, tells_who_is_not_trusted_how_to_be) {
  const RuntimeError error = refusal();
  EXPECT_EQ(error.fault, ConnectFault::auth) << error;
  EXPECT_THAT(error.remedy, HasSubstr("trust"));
}

TEST_F(IncusRemote, that_shows_another_certificate_is_not_believed) {
  trust({});
  pin(self_signed().certificate);
  const RuntimeError error = refusal();
  EXPECT_EQ(error.fault, ConnectFault::tls) << error;
}

TEST_F(IncusRemote, shows_a_restricted_certificate_its_project) {
  server().create_project("p1");
  trust({"p1"});
  BackendOptions options = remote();
  server().run({.name = "hidden"});
  const auto id = server().run({.name = "web", .project = "p1"});
  start_watch(std::move(options));
  ASSERT_TRUE(starts(id));
  EXPECT_EQ(watched().fold().running().size(), 1U);
  server().remove(id);
  EXPECT_TRUE(stops(id));
  server().remove("default/hidden");
}

// Incus has one stream for everything that the certificate may read; LXD refuses that, so each
// project has its own.
TEST_F(IncusRemote, shows_a_restricted_certificate_its_projects_as_they_change) {
  server().create_project("p1");
  server().create_project("p2");
  trust({"p1", "p2"});
  std::vector<std::string> log;
  BackendOptions options = remote();
  options.log = [&log](LogLevel, std::string_view line) { log.emplace_back(line); };
  server().run({.name = "hidden"});
  const auto first = server().run({.name = "web", .project = "p1"});
  start_watch(std::move(options));
  ASSERT_TRUE(starts(first));
  const auto second = server().run({.name = "web", .project = "p2"});
  ASSERT_TRUE(starts(second));
  server().restart(first);
  EXPECT_TRUE(watched().wait_until([&](const CheckedFold& fold) {
    return fold.history_of(first) == "started stopped started";
  }));
  server().kill9();
  EXPECT_TRUE(counts("backend_disconnected", 1));
  server().start();
  EXPECT_TRUE(counts("backend_reconnected", 1)) << transcript(watched().fold());
  server().remove(first);
  server().remove(second);
  EXPECT_TRUE(stops(first) && stops(second));
  EXPECT_THAT(watched().fold().running(), IsEmpty());
  server().remove("default/hidden");
  stop_watch();
  EXPECT_THAT(log, Not(Contains(HasSubstr("listed every")))) << "there are events of each project";
}

}  // namespace
}  // namespace rollcall::support
