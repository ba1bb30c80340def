// The daemon as operators and programs use it: the built binary, curl and our own commands.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/daemon_process.hpp"
#include "support/certificates.hpp"
#include "support/dockerd.hpp"
#include "support/paths.hpp"

namespace rollcall::support {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr ExitStatus success{.code = 0, .signal = 0};
constexpr ExitStatus failure{.code = 1, .signal = 0};
constexpr ExitStatus wrong_usage{.code = 2, .signal = 0};

// ---- configuration

TEST(ServeConfiguration, what_is_wrong_is_told_with_its_line_and_ends_it) {
  const TempFolder folder;
  folder.write("f.yaml", "listen: [127.0.0.1:0]\ngracy: 1m\nlimits: {connections: none}\n");
  for (const char* flag : {"--check-config", "--verbose"}) {
    const Output output = rollcall({"serve", "--config", folder.path() / "f.yaml", flag});
    EXPECT_EQ(output.status, wrong_usage);
    EXPECT_THAT(output.err,
                AllOf(HasSubstr("f.yaml:2: there is no key 'gracy'; did you mean 'grace'?"),
                      HasSubstr("f.yaml:3: limits.connections: 'none'")));
  }
}

TEST(ServeConfiguration, is_shown_with_where_each_key_comes_from) {
  const TempFolder folder;
  folder.write("f.yaml", "grace: 1m\nlog: {level: debug}\n");
  const Output output = rollcall({"serve", "--check-config", "--config", folder.path() / "f.yaml",
                                  "--listen", "127.0.0.1:0", "docker"},
                                 {"ROLLCALL_LOG_LEVEL=warning"});
  EXPECT_EQ(output.status, success) << output.err;
  EXPECT_THAT(output.out,
              AllOf(HasSubstr("grace: 1m  # " + (folder.path() / "f.yaml").string()),
                    HasSubstr("level: warning  # ROLLCALL_LOG_LEVEL"), HasSubstr("# --listen"),
                    HasSubstr("runtimes: [docker]"), HasSubstr("socket: auto  # the default")));
}

TEST(ServeConfiguration, to_be_reached_from_elsewhere_it_takes_tls_and_a_token) {
  const Output output = rollcall({"serve", "--check-config", "--listen", "0.0.0.0:7655"});
  EXPECT_EQ(output.status, wrong_usage);
  EXPECT_THAT(output.err, AllOf(HasSubstr("0.0.0.0:7655"), HasSubstr("TLS")));
}

TEST(ServeConfiguration, a_socket_in_use_is_left_alone) {
  DaemonProcess first({"host"}, nowhere());
  first.start();
  const Output second =
      rollcall({"serve", "host", "--socket", first.socket(), "--listen", "127.0.0.1:0"});
  EXPECT_EQ(second.status, failure);
  EXPECT_THAT(second.err, HasSubstr(first.socket()));
  EXPECT_EQ(first.get("/livez").status, 200);
}

// ---- with an engine

class ServeDocker : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { engine_ = std::make_unique<Dockerd>(); }
  static void TearDownTestSuite() { engine_.reset(); }

  void SetUp() override {
    id_ = engine_->api().run({.name = "web", .labels = {{"rollcall.dns.name", "web.lan"}}});
    daemon_.start();
    ASSERT_TRUE(daemon_.lists("web")) << daemon_.log();
  }
  void TearDown() override {
    if (engine_->api().ping()) engine_->api().remove("web");
  }

  static Dockerd& engine() { return *engine_; }
  static std::string endpoint() { return "docker=" + engine_->endpoint(); }

  DaemonProcess daemon_{{"--endpoint", endpoint()}};
  std::string id_;

 private:
  static inline std::unique_ptr<Dockerd> engine_;
};

TEST_F(ServeDocker, is_shown_by_the_commands_as_the_engine_itself) {
  const std::string server = daemon_.socket();
  const auto both = [&](std::vector<std::string> words) {
    std::vector<std::string> local = words;
    local.insert(local.end(), {"--endpoint", endpoint()});
    words.insert(words.end(), {"--server", server});
    return std::pair(rollcall(local), rollcall(words));
  };
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"ls", "--format", "{{.Name}} {{.ID}} {{.Addresses}} {{.Labels}}"},
        {"ls", "-q", "--filter", "name=web"},
        {"ls", "-o", "wide", "--filter", "state=paused"}}) {
    const auto [local, remote] = both(words);
    EXPECT_EQ(remote.status, success) << remote.err;
    EXPECT_EQ(remote.out, local.out);
    EXPECT_THAT(remote.err, IsEmpty());
  }
  const auto [local, remote] = both({"explain", "web", "-o", "json"});
  auto here = boost::json::parse(local.out);
  auto there = boost::json::parse(remote.out);
  here.at("instance").as_object().erase("discovered_at");  // differs between observers
  there.at("instance").as_object().erase("discovered_at");
  here.as_object().erase("dns_label_partial");  // the daemon knows all that it watches
  EXPECT_EQ(there, here);
  EXPECT_EQ(rollcall({"explain", "absent", "--server", server}).status, failure);
  EXPECT_EQ(rollcall({"ls", "podman", "-q", "--server", server}).out, "");
}

TEST_F(ServeDocker, doctor_tells_how_the_daemon_stands_with_it) {
  const Output text = rollcall({"doctor", "--server", daemon_.socket()});
  EXPECT_EQ(text.status, success) << text.err;
  EXPECT_THAT(text.out,
              AllOf(HasSubstr("docker"), HasSubstr("ready"), HasSubstr(engine().socket())));
  const Output absent = rollcall({"doctor", "--server", "/nonexistent/rollcall.sock"});
  EXPECT_EQ(absent.status, failure);
  EXPECT_THAT(absent.err, HasSubstr("there is no such socket"));
}

TEST_F(ServeDocker, ends_within_two_seconds_whatever_hangs) {
  // LeakSanitizer takes long at the end, and is not part of the daemon.
  DaemonProcess daemon({"--endpoint", endpoint()}, {"ASAN_OPTIONS=detect_leaks=0"});
  daemon.start();
  ASSERT_TRUE(daemon.lists("web"));
  const Capture events;
  const Process curl(
      {"curl", "-sN", "--unix-socket", daemon.socket(), "http://localhost/v1/events"},
      {.in = -1, .out = events.fd(), .err = -1});
  EXPECT_TRUE(eventually(20s, [&] { return events.text().contains("id:"); }));
  engine().freeze();
  const auto took = daemon.terminate();
  engine().thaw();
  ASSERT_TRUE(took);
  EXPECT_LT(*took, 2s);
  EXPECT_EQ(daemon.ends(0ms), success);
  EXPECT_THAT(daemon.log(), HasSubstr("stopping: SIGTERM"));
  EXPECT_FALSE(std::filesystem::exists(daemon.socket()));
}

TEST_F(ServeDocker, reads_its_configuration_anew_and_keeps_the_old_if_it_is_bad) {
  daemon_.configure("grace: soon\n");
  daemon_.signal(SIGHUP);
  EXPECT_TRUE(daemon_.logs("the configuration stays as it was"));
  EXPECT_THAT(daemon_.log(), HasSubstr("rollcall.yaml:1: grace: 'soon'"));
  EXPECT_EQ(daemon_.instances("docker").size(), 1U);
  const std::string cursor(daemon_.json("/v1/instances").at("cursor").as_string());

  daemon_.configure("hosts: [roll.example]\n");
  EXPECT_EQ(daemon_.get(daemon_.url() + "/livez", {"-H", "Host: roll.example"}).status, 421);
  daemon_.signal(SIGHUP);
  EXPECT_TRUE(daemon_.logs("read anew"));
  EXPECT_EQ(daemon_.get(daemon_.url() + "/livez", {"-H", "Host: roll.example"}).status, 200);
  // The engine was not touched.
  EXPECT_EQ(daemon_.json("/v1/instances").at("cursor").as_string(), cursor);
}

TEST_F(ServeDocker, logs_a_line_for_each_transition_and_none_for_an_event) {
  engine().api().pause("web");
  engine().api().unpause("web");
  engine().kill9();
  EXPECT_TRUE(daemon_.logs("is away"));
  engine().start();
  EXPECT_TRUE(eventually(30s, [&] {
    const std::string log = daemon_.log();
    return log.find("is ready", log.find("is away")) != std::string::npos;
  })) << daemon_.log();
  EXPECT_THAT(daemon_.log(), Not(HasSubstr("web")));
}

// ---- resuming

/// The ids of Server-Sent Events, and the types of the changes.
std::vector<std::string> lines_of(const std::string& text, std::string_view field) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, end - at);
    if (line.starts_with(field)) all.emplace_back(line.substr(field.size()));
    at = end + 1;
  }
  return all;
}

TEST_F(ServeDocker, curl_resumes_without_a_gap_and_is_told_after_a_restart_to_list_again) {
  const auto stream = [this](const std::vector<std::string>& more, const Capture& out) {
    std::vector<std::string> command = {"curl", "-sN", "--unix-socket", daemon_.socket(),
                                        "http://localhost/v1/events"};
    command.insert(command.end(), more.begin(), more.end());
    return Process(command, {.in = -1, .out = out.fd(), .err = -1});
  };
  std::string last;
  {
    const Capture out;
    const Process curl = stream({}, out);
    ASSERT_TRUE(eventually(20s, [&] { return out.text().contains("id: "); }));
    engine().api().pause("web");
    ASSERT_TRUE(eventually(20s, [&] { return out.text().contains("event: updated"); }));
    last = lines_of(out.text(), "id: ").back();
  }
  engine().api().unpause("web");  // no client listens; may collapse with the next change
  engine().api().rename("web", "shop");
  ASSERT_TRUE(daemon_.lists("shop"));
  engine().api().rename("shop", "web");
  ASSERT_TRUE(daemon_.lists("web"));
  {
    const Capture out;
    const Process curl = stream({"-H", "Last-Event-ID: " + last}, out);
    EXPECT_TRUE(eventually(20s, [&] { return lines_of(out.text(), "event: updated").size() >= 2; }))
        << out.text();
    EXPECT_THAT(out.text(), AllOf(HasSubstr("\"shop\""), Not(HasSubstr("paused"))));
  }
  daemon_.kill9();
  daemon_.start();
  const CurlReply gone = daemon_.get("/v1/events", {"-H", "Last-Event-ID: " + last});
  EXPECT_EQ(gone.status, 410) << gone.body;
  EXPECT_EQ(boost::json::parse(gone.body).at("reason").as_string(), "other_epoch");
}

TEST_F(ServeDocker, watch_lives_through_a_restart_and_tells_what_changed_meanwhile) {
  const Capture out;
  Process watch({ROLLCALL_COMMAND, "watch", "-o", "jsonl", "--server", daemon_.socket()},
                {.in = -1, .out = out.fd(), .err = -1});
  const auto tells = [&out](std::string_view text) {
    return eventually(30s, [&] { return out.text().contains(text); });
  };
  EXPECT_TRUE(tells(R"("cause":"initial")"));
  daemon_.kill9();
  EXPECT_TRUE(tells(R"({"type":"backend_disconnected","backend":"rollcall")"));
  engine().api().run({.name = "late"});
  daemon_.start();
  EXPECT_TRUE(tells(R"({"type":"backend_reconnected","backend":"rollcall")")) << out.text();
  EXPECT_TRUE(tells(R"("name":"late")"));
  engine().api().remove("late");
  EXPECT_TRUE(tells(R"("type":"stopped")")) << out.text();
  const std::string text = out.text();
  EXPECT_LT(text.find("backend_disconnected"), text.find("backend_reconnected"));
  EXPECT_THAT(lines_of(text, R"({"type":"backend_disconnected")").size(), 1U);
  watch.signal(SIGINT);
  EXPECT_EQ(watch.wait(2s), success);
}

// ---- access

TEST(ServeSafety, on_addresses_the_token_must_be_known_and_tls_be_spoken) {
  const Identity authority = make_authority();
  const Identity identity = issue(authority, {});
  DaemonProcess daemon({"host"}, nowhere());
  daemon.folder().write("ca.pem", authority.certificate);
  daemon.folder().write("cert.pem", identity.certificate);
  daemon.folder().write("key.pem", identity.key);
  daemon.folder().write("token", "0123456789abcdef0123456789abcdef\n");
  const auto path = [&daemon](const char* name) {
    return (daemon.folder().path() / name).string();
  };
  std::filesystem::permissions(path("token"), std::filesystem::perms(0600));
  std::filesystem::permissions(path("key.pem"), std::filesystem::perms(0600));
  daemon.configure(fmt::format("token_file: {}\ntls: {{certificate: {}, key: {}}}\n", path("token"),
                               path("cert.pem"), path("key.pem")));
  daemon.start();
  const std::string url = "https://127.0.0.1:" + daemon.port();
  const std::vector<std::string> trusting = {"--cacert", path("ca.pem")};
  EXPECT_EQ(daemon.get(url + "/v1/status", trusting).status, 401);
  EXPECT_EQ(daemon
                .get(url + "/v1/status",
                     {"--cacert", path("ca.pem"), "-H", "Authorization: Bearer 0123456789abcdef"})
                .status,
            401);
  EXPECT_EQ(daemon.get("http://127.0.0.1:" + daemon.port() + "/livez").status, 0);
  EXPECT_EQ(daemon.get("/v1/status").status, 200) << "the socket is kept by its mode";

  const auto ls = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"ls", "--server", url});
    return rollcall(more);
  };
  EXPECT_EQ(ls({"--ca-file", path("ca.pem"), "--token-file", path("token")}).status, success);
  const Output unknown = ls({"--ca-file", path("ca.pem")});
  EXPECT_EQ(unknown.status, failure);
  EXPECT_THAT(unknown.err, HasSubstr("--token-file"));
  EXPECT_EQ(ls({"--token-file", path("token")}).status, failure) << "nobody has vouched for it";
}

TEST(ServeSafety, a_token_that_others_may_read_is_refused) {
  DaemonProcess daemon({"host"}, nowhere());
  daemon.folder().write("token", "0123456789abcdef0123456789abcdef\n");
  const auto token = daemon.folder().path() / "token";
  std::filesystem::permissions(token, std::filesystem::perms(0644));
  daemon.configure(fmt::format("token_file: {}\n", token.string()));
  daemon.start_without_waiting();
  EXPECT_EQ(daemon.ends(20s), wrong_usage);
  EXPECT_THAT(daemon.log(), HasSubstr("chmod 0600"));
}

}  // namespace
}  // namespace rollcall::support
