#include "transport/ssh/command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::ssh {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Endpoint at(const char* url) {
  Endpoint endpoint = *parse_endpoint(url, 0);
  endpoint.ssh.command = "docker system dial-stdio";
  return endpoint;
}

TEST(SshCommand, AsksNothingAndLeavesTheRestToTheConfigurationOfSsh) {
  EXPECT_THAT(command_line(at("ssh://host"), 10s),
              ElementsAre("ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o",
                          "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3", "-T", "--",
                          "host", "docker system dial-stdio"));
}

TEST(SshCommand, NamesWhatTheUrlNames) {
  Endpoint endpoint = at("ssh://me@host:2222");
  endpoint.ssh.program = "/opt/ssh";
  endpoint.ssh.identity = "/home/me/.ssh/key";
  EXPECT_THAT(command_line(endpoint, 1500ms),
              ElementsAre("/opt/ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=2", "-o",
                          "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3", "-T", "-i",
                          "/home/me/.ssh/key", "-p", "2222", "-l", "me", "--", "host",
                          "docker system dial-stdio"));
  EXPECT_THAT(command_line(endpoint, 0ms), testing::Contains("ConnectTimeout=1"));
}

TEST(SshCommand, WordsForTheFarSideAreQuoted) {
  EXPECT_EQ(quoted("/run/a b.sock"), "'/run/a b.sock'");
  EXPECT_EQ(quoted("it's; $(x)"), "'it'\\''s; $(x)'");
}

struct Row {
  int exit_code;
  const char* message;
  ErrorKind kind;
  ConnectFault fault;
  const char* remedy;
};

TEST(SshCommand, EachFailureIsExplained) {
  using enum ErrorKind;
  const Row rows[] = {
      {255, "me@host: Permission denied (publickey,password).", denied, ConnectFault::auth,
       "`ssh me@host` must work without a question"},
      {255, "Received disconnect from host port 22:2: Too many authentication failures", denied,
       ConnectFault::auth, "ssh-add"},
      {255,
       "No ED25519 host key is known for host and you have requested strict checking.\n"
       "Host key verification failed.",
       unavailable, ConnectFault::tls, "run `ssh me@host` once"},
      {255, "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
       unavailable, ConnectFault::tls, "known_hosts"},
      {255, "ssh: Could not resolve hostname host: Name or service not known", unavailable,
       ConnectFault::unreachable, "DNS"},
      {255, "ssh: connect to host host port 22: Connection refused", unavailable,
       ConnectFault::refused, "sshd"},
      {255, "ssh: connect to host host port 22: Connection timed out\r\n", unavailable,
       ConnectFault::mute, "firewalls"},
      {255, "ssh: connect to host host port 22: No route to host", unavailable,
       ConnectFault::unreachable, "network"},
      {255, "ssh: connect to host host port 22: Network is unreachable", unavailable,
       ConnectFault::unreachable, "network"},
      {127, "bash: line 1: docker: command not found", protocol, ConnectFault::not_this_api,
       "install docker there"},
      {127, "sh: 1: docker: not found", protocol, ConnectFault::not_this_api, "PATH"},
      {1, "docker: 'dial-stdio' is not a docker command.\nSee 'docker --help'", protocol,
       ConnectFault::not_this_api, "18.09"},
      {125, "Error: unrecognized command `podman system dial-stdio`", protocol,
       ConnectFault::not_this_api, "newer one"},
      {1,
       "failed to open the raw stream connection: dial unix /var/run/docker.sock: connect: "
       "permission denied",
       denied, ConnectFault::denied, "group"},
      {1,
       "failed to open the raw stream connection: dial unix /x.sock: connect: no such file or "
       "directory",
       unavailable, ConnectFault::missing, "start the engine"},
      {1,
       "failed to open the raw stream connection: dial unix /x.sock: connect: connection refused",
       unavailable, ConnectFault::refused, "start the engine"},
      {3, "something else", unavailable, ConnectFault::unreachable,
       "try `ssh me@host docker system dial-stdio`"},
  };
  for (const Row& row : rows) {
    const auto error =
        explain({.exit_code = row.exit_code, .message = row.message}, false, at("ssh://me@host"));
    EXPECT_EQ(error.kind, row.kind) << error;
    EXPECT_EQ(error.fault, row.fault) << error;
    EXPECT_EQ(error.endpoint, "ssh://me@host");
    EXPECT_THAT(error.remedy, HasSubstr(row.remedy)) << error;
    EXPECT_THAT(error.what, Not(HasSubstr("\n")));
    const std::string_view message(row.message);
    EXPECT_THAT(error.what, HasSubstr(message.substr(0, message.find_first_of("\r\n")))) << error;
  }
}

TEST(SshCommand, AnEndWithoutAWordIsSaid) {
  EXPECT_THAT(explain({.exit_code = 255}, false, at("ssh://host")).what,
              HasSubstr("with code 255, and said nothing"));
  EXPECT_THAT(explain({.signal = 9}, false, at("ssh://host")).what, HasSubstr("by signal 9"));
  EXPECT_THAT(explain({.exit_code = 255}, true, at("ssh://host")).what,
              HasSubstr("the connection by ssh broke: ssh ended with 255"));
}

TEST(SshCommand, OfALongMessageTheEndIsShown) {
  const auto error = explain({.exit_code = 255, .message = std::string(9000, 'x') + " the end"},
                             false, at("ssh://host"));
  EXPECT_THAT(error.what, HasSubstr("the end"));
  EXPECT_LT(error.what.size(), 400U);
}

TEST(SshCommand, AProgramThatCannotBeStartedIsSaid) {
  EXPECT_THAT(not_started(ENOENT, at("ssh://host")).remedy,
              HasSubstr("install the OpenSSH client"));
  EXPECT_THAT(not_started(EACCES, at("ssh://host")).what, HasSubstr("Permission denied"));
}

}  // namespace
}  // namespace rollcall::ssh
