#include "backends/docker/host.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::docker {
namespace {

using testing::HasSubstr;

std::string read(std::string_view host) {
  const auto endpoint = parse_host(host);
  return endpoint ? endpoint->url() : "error: " + endpoint.error().describe();
}

TEST(DockerHost, IsCompletedAsTheDockerCommandCompletesIt) {
  const std::vector<std::pair<std::string, std::string>> forms = {
      {"tcp://", "tcp://localhost:2375"},
      {"tcp://h", "tcp://h:2375"},
      {"tcp://h:", "tcp://h:2375"},
      {"tcp://h:1/", "tcp://h:1"},
      {"tcp://:1", "tcp://localhost:1"},
      {"tcp://tcp://h:1", "tcp://h:1"},
      {"h", "tcp://h:2375"},
      {"h:1", "tcp://h:1"},
      {"h:", "tcp://h:2375"},
      {":1", "tcp://localhost:1"},
      {":", "tcp://localhost:2375"},
      {"[::1]", "tcp://[::1]:2375"},
      {"[::1]:", "tcp://[::1]:2375"},
      {"[::1]:1", "tcp://[::1]:1"},
      {"::1", "tcp://[::1]:2375"},
      {"tcp://fe80::1", "tcp://[fe80::1]:2375"},
      {"https://", "https://localhost:2376"},
      {"https://:1", "https://localhost:1"},
      {"unix://", "unix:///var/run/docker.sock"},
      {"unix:///x.sock", "unix:///x.sock"},
      {"unix://unix:///x.sock", "unix:///x.sock"},
      {"unix:/x.sock", "unix:///x.sock"},
      {"/x.sock", "unix:///x.sock"},
      {"ssh://h", "ssh://h"},
      {"ssh://h//", "ssh://h"},
      {"ssh://h://", "ssh://h"},
      {"ssh://h:/", "ssh://h"},
      {"ssh://u@h://x.sock", "ssh://u@h//x.sock"},
      {"unix:///run/a://b.sock", "unix:///run/a://b.sock"},
      {"ssh://u@h:22/x.sock", "ssh://u@h:22/x.sock"},
  };
  for (const auto& [host, url] : forms) {
    EXPECT_EQ(read(host), url) << host;
    EXPECT_EQ(read(" \t" + host + "\r\n"), url) << host;
  }
}

TEST(DockerHost, KeepsAPathBehindTheHost) {
  EXPECT_EQ(read("tcp://h/p"), "tcp://h:2375/p");
  EXPECT_EQ(read("h:1/p/q/"), "tcp://h:1/p/q");
  EXPECT_EQ(read("https://h//p/../q"), "https://h:2376/q");
  EXPECT_EQ(read("tcp://h/a b"), "tcp://h:2375/a%20b");
  EXPECT_EQ(read("tcp://h/a%20b"), "tcp://h:2375/a%20b");
}

TEST(DockerHost, WhatCannotBeOneIsRefused) {
  EXPECT_THAT(read("unix://x.sock"), HasSubstr("must be absolute"));
  EXPECT_THAT(read("unix://tcp://h"), HasSubstr("must be absolute"));
  for (const char* path : {"./docker.sock", "../x", "run/docker.sock", "docker.sock"}) {
    EXPECT_THAT(read(path), HasSubstr("must be absolute")) << path;
  }
  EXPECT_THAT(read("fd://"), HasSubstr("fd:// is not supported"));
  EXPECT_THAT(read("npipe:////./pipe/docker_engine"), HasSubstr("npipe:// is not supported"));
  EXPECT_THAT(read("tcp://h:0"), HasSubstr("the port"));
  EXPECT_THAT(read("h:99999"), HasSubstr("the port"));
  EXPECT_THAT(read("tcp://h:1?x"), HasSubstr("nothing may follow"));
  EXPECT_THAT(read(" tcp://h://"), HasSubstr("a second ://"));
  EXPECT_THAT(read("https://h/a://b"), HasSubstr("a second ://"));
  EXPECT_THAT(read("tcp://fe80::1:x"), HasSubstr("brackets"));
  EXPECT_THAT(read("-H unix:///x -H tcp://h"), HasSubstr("error"));
  EXPECT_THAT(read("tcp://me:secret@h"), testing::Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace rollcall::docker
