#include "backends/docker_api/address.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::docker_api {
namespace {

using testing::HasSubstr;

std::string read(std::string_view url) {
  const auto address = parse_address(url);
  return address ? address->url() : "error: " + address.error().describe();
}

TEST(DockerAddress, MayHaveAPathBehindItsHost) {
  EXPECT_EQ(read("tcp://host/a/b"), "tcp://host:2375/a/b");
  EXPECT_EQ(read("http://host:1/a"), "tcp://host:1/a");
  EXPECT_EQ(read("tcp://host//a/./c/../b//"), "tcp://host:2375/a/b");
  EXPECT_EQ(read("https://[::1]:1/a%20b/"), "https://[::1]:1/a%20b");
  EXPECT_EQ(read("tcp://host/a b"), "tcp://host:2375/a%20b");
  EXPECT_EQ(read("tcp://host/%20a b%2Fc"), "tcp://host:2375/%20a%20b%2Fc");
  for (const char* none : {"tcp://host", "tcp://host/", "tcp://host//", "tcp://host/."}) {
    EXPECT_EQ(read(none), "tcp://host:2375") << none;
  }
  EXPECT_EQ(parse_address("tcp://host/a")->path, "/a");
  EXPECT_EQ(parse_address("tcp://host/a")->endpoint.host_header(), "host:2375");
}

TEST(DockerAddress, ThePathOfASocketBelongsToIt) {
  EXPECT_EQ(read("unix:///a/b"), "unix:///a/b");
  EXPECT_EQ(read("ssh://host/a/b"), "ssh://host/a/b");
  EXPECT_EQ(parse_address("ssh://host/a")->path, "");
}

TEST(DockerAddress, WhatFollowsThePathIsRefusedAndRepeatsNoSecret) {
  for (const char* url : {"tcp://host/a?b", "tcp://host?b", "tcp://host#b", "tcp://host/a\nb"}) {
    EXPECT_THAT(read(url), HasSubstr("error")) << url;
  }
  EXPECT_THAT(read("tcp://host/a?b"), HasSubstr("error"));
  for (const char* url : {"tcp://me:secret@host/a", "tcp://me:secret@host/a?b"}) {
    EXPECT_THAT(read(url), HasSubstr("a user or a password")) << url;
    EXPECT_THAT(read(url), testing::Not(HasSubstr("secret"))) << url;
  }
}

}  // namespace
}  // namespace rollcall::docker_api
