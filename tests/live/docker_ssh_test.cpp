// A real engine behind ssh: a stand-in that runs the command here, and a real sshd.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "live/docker_live.hpp"
#include "support/engine_tools.hpp"
#include "support/temp_folder.hpp"

namespace rollcall::support {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// Puts a program called ssh first in PATH for its lifetime.
class SshLive : public DockerLive {
 protected:
  void SetUp() override {
    require_program("docker", "docker.io");
    path_ = std::getenv("PATH");
    ::setenv("PATH", (folder_.path().string() + ":" + path_).c_str(), 1);
    write_program("ssh", program());
    start({});
  }
  void TearDown() override {
    write_program("ssh", program());
    DockerLive::TearDown();
    ::setenv("PATH", path_.c_str(), 1);
  }

  [[nodiscard]] virtual std::string program() = 0;
  void write_program(const std::string& name, std::string_view script) {
    // Rename it into place: the old one may be running.
    folder_.write(name + ".new",
                  "#!/bin/sh\nDIR=" + folder_.path().string() + "\n" + std::string(script));
    fs::permissions(folder_.path() / (name + ".new"), fs::perms::owner_all);
    fs::rename(folder_.path() / (name + ".new"), folder_.path() / name);
  }
  void expect_error(ConnectFault fault, std::string_view what) {
    WatchFold backend(RuntimeBackendKind::docker, watch_options(), before_watching());
    const auto connected = backend.connect();
    ASSERT_FALSE(connected.has_value());
    EXPECT_EQ(connected.error().fault, fault) << connected.error();
    EXPECT_THAT(connected.error().what, HasSubstr(what));
    EXPECT_NE(connected.error().remedy, "");
  }
  /// The processes that the program has recorded and that still live.
  [[nodiscard]] std::vector<pid_t> living() const {
    std::vector<pid_t> all;
    std::ifstream file(folder_.path() / "pids");
    for (pid_t pid = 0; file >> pid;) {
      if (::kill(pid, 0) == 0) all.push_back(pid);
    }
    return all;
  }
  [[nodiscard]] bool healed(std::size_t outages) {
    return watched().wait_until([outages](const CheckedFold& fold) {
      return fold.count("backend_reconnected") >= outages && !fold.disconnected();
    });
  }

  TempFolder folder_;

 private:
  std::string path_;
};

class DockerBySshStandIn : public SshLive {
 protected:
  [[nodiscard]] std::string program() override {
    return R"(
options='-o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15 -o ServerAliveCountMax=3'
expected="$options -T -p 2222 -l me -- far docker system dial-stdio"
[ "$*" = "$expected" ] ||
  { echo "wrong arguments: $*" >&2; exit 64; }
echo $$ >>$DIR/pids
DOCKER_HOST=$(cat $DIR/engine) exec docker system dial-stdio
)";
  }
  [[nodiscard]] BackendOptions watch_options() const override {
    folder_.write("engine", engine().endpoint());
    BackendOptions options;
    options.endpoint = "ssh://me@far:2222";
    return options;
  }
};

TEST_F(DockerBySshStandIn, is_watched_through_two_processes_that_end_with_the_watch) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(api().run({.name = fmt::format("web{}", i)}));
  for (const std::string& id : ids) ASSERT_TRUE(starts(id));
  EXPECT_EQ(watched().fold().running().at(ids[0])->key.endpoint, "ssh://me@far:2222");
  for (const std::string& id : ids) api().stop(id);
  for (const std::string& id : ids) EXPECT_TRUE(stops(id));
  EXPECT_THAT(living(), SizeIs(2));
  ASSERT_TRUE(watched().cancel(1s));
  EXPECT_THAT(living(), SizeIs(0));
  start_watch();
}

TEST_F(DockerBySshStandIn, that_is_killed_and_comes_back_is_reconciled) {
  is_reconciled_after_a_kill();
}

TEST_F(DockerBySshStandIn, that_dies_in_the_middle_is_an_outage_and_heals) {
  for (const pid_t pid : living()) ::kill(pid, SIGKILL);
  EXPECT_TRUE(healed(1));
  const auto id = api().run({.name = "later"});
  EXPECT_TRUE(starts(id));
}

TEST_F(DockerBySshStandIn, that_fails_says_why) {
  write_program("ssh", "echo 'me@far: Permission denied (publickey).' >&2; exit 255\n");
  expect_error(ConnectFault::auth, "me@far: Permission denied (publickey).");
  write_program("ssh", "echo 'bash: line 1: docker: command not found' >&2; exit 127\n");
  expect_error(ConnectFault::not_this_api, "the far side has no program docker");
}

TEST_F(DockerBySshStandIn, whose_engine_is_not_there_says_what_the_docker_command_says) {
  write_program("ssh", "exec docker -H unix:///nonexistent.sock system dial-stdio\n");
  expect_error(ConnectFault::missing, "no such file or directory");
}

TEST_F(DockerBySshStandIn, that_hangs_is_mute) {
  write_program("ssh", "exec sleep 1000\n");
  expect_error(ConnectFault::mute, "no answer within 12 s");
}

/// The remote host is this one, as seen from a sandbox of the test.
class DockerBySsh : public SshLive {
 protected:
  void SetUp() override {
    require_program("sshd", "openssh-server");
    for (const char* key : {"host", "client", "stranger"}) {
      run_or_throw({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file(key)});
    }
    configure("client");
    write_known_host("host");
    SshLive::SetUp();
  }
  void TearDown() override {
    SshLive::TearDown();
    sshd_.reset();
  }

  [[nodiscard]] std::string program() override {
    return "exec /usr/bin/ssh -F $DIR/config \"$@\"\n";
  }
  [[nodiscard]] BackendOptions watch_options() const override {
    if (!sshd_) start_sshd();
    BackendOptions options;
    options.endpoint = "ssh://root@127.0.0.1:2222" + engine().socket();
    return options;
  }
  [[nodiscard]] std::function<void()> before_watching() const override {
    return [this] { engine().room().join_network(); };
  }

  [[nodiscard]] std::string file(std::string_view name) const { return folder_.path() / name; }
  void configure(std::string_view key) {
    folder_.write("config", fmt::format("Host *\n  IdentityFile {}\n  IdentitiesOnly yes\n"
                                        "  UserKnownHostsFile {}\n  GlobalKnownHostsFile none\n"
                                        "  StrictHostKeyChecking yes\n",
                                        file(key), file("known_hosts")));
  }
  void write_known_host(const std::string& key) {
    std::ifstream text(file(key + ".pub"));
    std::string line;
    std::getline(text, line);
    folder_.write("known_hosts", "[127.0.0.1]:2222 " + line + "\n");
  }

 private:
  void start_sshd() const {
    const Sandbox& room = engine().room();
    room.run({"mkdir", "-p", "/run/sshd"});
    folder_.write("sshd_config", fmt::format("Port 2222\nListenAddress 127.0.0.1\nHostKey {}\n"
                                             "AuthorizedKeysFile {}\nStrictModes no\nUsePAM no\n"
                                             "PermitRootLogin prohibit-password\nPidFile none\n"
                                             "PasswordAuthentication no\n",
                                             file("host"), file("client.pub")));
    sshd_.emplace(room.spawn({"/usr/sbin/sshd", "-D", "-e", "-f", file("sshd_config")},
                             {.in = -1, .out = log_.fd(), .err = log_.fd()}));
    const bool listens = eventually(10s, [&] { return log_.text().contains("Server listening"); });
    if (!listens) throw std::runtime_error("sshd does not listen. It said:\n" + log_.text());
  }

  Capture log_;
  mutable std::optional<Process> sshd_;
};

TEST_F(DockerBySsh, is_watched_and_found_again_after_its_end) {
  is_reconciled_after_a_kill();
}

TEST_F(DockerBySsh, says_what_ssh_says) {
  configure("stranger");
  expect_error(ConnectFault::auth, "Permission denied (publickey");
  configure("client");
  write_known_host("stranger");
  expect_error(ConnectFault::tls, "Host key verification failed");
  folder_.write("known_hosts", "");
  expect_error(ConnectFault::tls, "Host key verification failed");
  write_known_host("host");
}

}  // namespace
}  // namespace rollcall::support
