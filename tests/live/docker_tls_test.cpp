// A real engine behind TLS, with client certificates.
#include <chrono>
#include <map>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "live/docker_live.hpp"
#include "support/certificates.hpp"
#include "support/environment.hpp"
#include "support/temp_folder.hpp"
#include "transport/digest.hpp"

namespace rollcall::support {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// The watch of each test uses DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH.
class DockerTls : public DockerLive {
 protected:
  void SetUp() override {
    trust(authority_);
    show(issue(authority_, {.name = "client"}));
    start({.tls = DockerdTls{.identity = issue(authority_),
                             .client_authority = authority_.certificate}});
  }

  void trust(const Identity& authority) { folder_.write("ca.pem", authority.certificate); }
  void show(const Identity& client) {
    folder_.write("cert.pem", client.certificate);
    folder_.write("key.pem", client.key);
  }
  [[nodiscard]] std::string host() const {
    return fmt::format("tcp://127.0.0.1:{}", engine().tls_port());
  }
  [[nodiscard]] std::string url() const {
    return fmt::format("https://127.0.0.1:{}", engine().tls_port());
  }

  [[nodiscard]] BackendOptions watch_options() const override {
    BackendOptions options;
    options.getenv = variables({{"DOCKER_HOST", host()},
                                {"DOCKER_TLS_VERIFY", "1"},
                                {"DOCKER_CERT_PATH", folder_.path()}});
    return options;
  }
  [[nodiscard]] std::function<void()> before_watching() const override {
    return [this] { engine().room().join_network(); };
  }

  void restart_with(const Identity& identity) {
    engine().renew(identity);
    engine().terminate();
    engine().start();
  }
  void expect_error(const BackendOptions& options, ConnectFault fault, std::string_view what) {
    WatchFold backend(RuntimeBackendKind::docker, options, before_watching());
    for (const auto& result : {backend.connect(), discarded(backend.list())}) {
      ASSERT_FALSE(result.has_value());
      const RuntimeError& error = result.error();
      EXPECT_EQ(error.fault, fault) << error;
      EXPECT_THAT(error.what, HasSubstr(what));
      EXPECT_THAT(error.remedy, Not(IsEmpty()));
      EXPECT_THAT(error.endpoint, HasSubstr(fmt::format("127.0.0.1:{}", engine().tls_port())));
    }
  }
  void expect_error(ConnectFault fault, std::string_view what) {
    expect_error(watch_options(), fault, what);
  }

  TempFolder folder_;
  Identity authority_ = make_authority();

 private:
  static Result<void> discarded(Result<std::vector<InstancePtr>> result) {
    if (!result) return fail(std::move(result.error()));
    return {};
  }
};

TEST_F(DockerTls, is_watched_and_says_where_it_is) {
  const auto id = api().run({.name = "web"});
  ASSERT_TRUE(starts(id));
  EXPECT_EQ(watched().fold().running().at(id)->key.endpoint, url());
  api().stop(id);
  EXPECT_TRUE(stops(id));
}

TEST_F(DockerTls, that_is_killed_and_comes_back_is_reconciled) {
  is_reconciled_after_a_kill();
}

TEST_F(DockerTls, with_renewed_certificates_is_found_again_without_a_restart_of_ours) {
  const Identity next = make_authority("Next CA");
  restart_with(issue(next));
  ASSERT_TRUE(watched().wait_until([](const CheckedFold& fold) { return fold.disconnected(); }));
  trust(next);
  EXPECT_TRUE(watched().wait_until([](const CheckedFold& fold) { return !fold.disconnected(); }));
}

TEST_F(DockerTls, is_found_by_a_context_with_its_files) {
  const std::string id = sha256_hex("far away");
  folder_.write("contexts/meta/" + id + "/meta.json",
                R"({"Name":"far away","Endpoints":{"docker":{"Host":")" + host() + R"("}}})");
  for (const char* file : {"ca.pem", "cert.pem", "key.pem"}) {
    std::filesystem::create_directories(folder_.path() / "contexts/tls" / id / "docker");
    std::filesystem::copy(folder_.path() / file,
                          folder_.path() / "contexts/tls" / id / "docker" / file);
  }
  const auto container = api().run({.name = "web"});
  folder_.write("config.json", R"({"currentContext":"far away"})");
  for (const bool current : {false, true}) {
    BackendOptions options;
    options.getenv =
        current ? variables({{"DOCKER_CONFIG", folder_.path()}})
                : variables({{"DOCKER_CONFIG", folder_.path()}, {"DOCKER_CONTEXT", "far away"}});
    WatchFold backend(RuntimeBackendKind::docker, options, before_watching());
    const auto listed = backend.list();
    ASSERT_TRUE(listed.has_value()) << listed.error();
    ASSERT_EQ(listed->size(), 1U);
    EXPECT_EQ(listed->front()->key.id, container);
    EXPECT_EQ(listed->front()->key.endpoint, url());
  }
}

TEST_F(DockerTls, of_another_authority_is_not_believed) {
  trust(make_authority("Other CA"));
  expect_error(ConnectFault::tls, "is signed by CN=Test CA, which is not trusted by");
  trust(authority_);
}

TEST_F(DockerTls, that_has_expired_is_not_believed) {
  restart_with(issue(authority_, {.first_day = -20, .last_day = -10}));
  expect_error(ConnectFault::tls, "the engine's certificate has expired at 20");
  restart_with(issue(authority_));
}

TEST_F(DockerTls, of_another_name_is_not_believed) {
  restart_with(issue(authority_, {.hosts = {"engine.example"}}));
  expect_error(ConnectFault::tls, "is for engine.example, not for 127.0.0.1");
  restart_with(issue(authority_));
}

TEST_F(DockerTls, refuses_a_client_of_another_authority) {
  const Identity stranger = issue(make_authority("Other CA"));
  folder_.write("stranger/ca.pem", authority_.certificate);
  folder_.write("stranger/cert.pem", stranger.certificate);
  folder_.write("stranger/key.pem", stranger.key);
  BackendOptions options = watch_options();
  options.getenv = variables({{"DOCKER_HOST", host()},
                              {"DOCKER_TLS_VERIFY", "1"},
                              {"DOCKER_CERT_PATH", folder_.path() / "stranger"}});
  expect_error(options, ConnectFault::auth, "the engine refuses our client certificate (");
}

TEST_F(DockerTls, refuses_a_client_without_a_certificate) {
  folder_.write("bare/ca.pem", authority_.certificate);
  BackendOptions options = watch_options();
  options.getenv = variables({{"DOCKER_HOST", host()},
                              {"DOCKER_TLS_VERIFY", "1"},
                              {"DOCKER_CERT_PATH", folder_.path() / "bare"}});
  expect_error(options, ConnectFault::auth, "wants a client certificate, and none was given");
}

TEST_F(DockerTls, that_is_asked_without_tls_says_so) {
  BackendOptions options;
  options.getenv = variables({{"DOCKER_HOST", host()}});
  expect_error(options, ConnectFault::tls, "the engine speaks TLS here, and was asked without it");
}

}  // namespace
}  // namespace rollcall::support
