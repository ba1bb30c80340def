#include "transport/endpoint.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using testing::HasSubstr;

std::string canonical(std::string_view url) {
  const auto endpoint = parse_endpoint(url, 2375);
  return endpoint ? endpoint->url() : "error: " + endpoint.error().describe();
}

TEST(Endpoint, UnixSocketsInAllTheirSpellings) {
  for (const char* url : {"unix:///run/x.sock", "unix:/run/x.sock", "/run/x.sock"}) {
    EXPECT_EQ(canonical(url), "unix:///run/x.sock");
  }
}

TEST(Endpoint, TcpWithAndWithoutPort) {
  EXPECT_EQ(canonical("tcp://host"), "tcp://host:2375");
  EXPECT_EQ(canonical("tcp://host:99/"), "tcp://host:99");
  EXPECT_EQ(canonical("http://127.0.0.1:80"), "tcp://127.0.0.1:80");
  EXPECT_EQ(canonical("tcp://[::1]:80"), "tcp://[::1]:80");
  EXPECT_EQ(parse_endpoint("tcp://[::1]:80", 1)->host, "::1");
}

TEST(Endpoint, TlsWithAndWithoutPort) {
  EXPECT_EQ(canonical("https://host:99/"), "https://host:99");
  const auto endpoint = parse_endpoint("https://host", {.plain = 2375, .tls = 2376});
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(endpoint->url(), "https://host:2376");
  EXPECT_EQ(endpoint->host_header(), "host:2376");
  EXPECT_EQ(endpoint->scheme, Endpoint::Scheme::tls);
  EXPECT_FALSE(endpoint->local());
}

TEST(Endpoint, APortOfWhichOnlyTheColonIsWrittenIsNotNamed) {
  EXPECT_EQ(canonical("tcp://host:"), "tcp://host:2375");
  EXPECT_EQ(canonical("https://[::1]:"), "https://[::1]:2375");
  EXPECT_EQ(canonical("ssh://host:"), "ssh://host");
}

TEST(Endpoint, NothingButSlashesMayFollowTheHost) {
  EXPECT_EQ(canonical("tcp://host//"), "tcp://host:2375");
  for (const char* more : {"tcp://host?b", "tcp://host/?b", "https://host#b"}) {
    EXPECT_THAT(canonical(more), HasSubstr("nothing may follow")) << more;
  }
}

TEST(Endpoint, AHostThatBeginsLikeAnAddressIsAName) {
  EXPECT_EQ(canonical("tcp://10.0.0.7.nip.io"), "tcp://10.0.0.7.nip.io:2375");
  EXPECT_EQ(canonical("https://10.0.0.7.nip.io:99/"), "https://10.0.0.7.nip.io:99");
  EXPECT_EQ(canonical("tcp://127.0.0.1x"), "tcp://127.0.0.1x:2375");
  EXPECT_EQ(canonical("ssh://me@10.0.0.7.nip.io:22/x.sock"), "ssh://me@10.0.0.7.nip.io:22/x.sock");
  EXPECT_EQ(parse_endpoint("tcp://10.0.0.7.nip.io:99", 1)->host, "10.0.0.7.nip.io");
  EXPECT_THAT(canonical("tcp://10.0.0.7.n%69p.io"), HasSubstr("no host name has"));
  EXPECT_THAT(canonical("tcp://10.0.0.7 8"), HasSubstr("not a URL"));
}

TEST(Endpoint, AnIPv6AddressWantsItsBrackets) {
  for (const char* url : {"ssh://fe80::1", "ssh://me@fe80::1", "ssh://::1/run/x.sock", "tcp://::1",
                          "tcp://fe80::1:2375", "https://a:b:c"}) {
    EXPECT_THAT(canonical(url), HasSubstr("stands in brackets")) << url;
    EXPECT_THAT(canonical(url), HasSubstr("ssh://user@[fe80::1]")) << url;
  }
  EXPECT_EQ(canonical("ssh://me@[fe80::1]"), "ssh://me@[fe80::1]");
}

TEST(Endpoint, SshWithAllItsParts) {
  EXPECT_EQ(canonical("ssh://host"), "ssh://host");
  EXPECT_EQ(canonical("ssh://host/"), "ssh://host");
  EXPECT_EQ(canonical("ssh://host//"), "ssh://host");
  EXPECT_EQ(canonical("ssh://me@[fe80::1]:22/run/a%20b.sock"),
            "ssh://me@[fe80::1]:22/run/a%20b.sock");
  const auto endpoint = parse_endpoint("ssh://me@host:2222/run/a%20b.sock", 2375);
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(endpoint->user, "me");
  EXPECT_EQ(endpoint->host, "host");
  EXPECT_EQ(endpoint->port, 2222);
  EXPECT_EQ(endpoint->path, "/run/a b.sock");
  EXPECT_EQ(endpoint->host_header(), "localhost");
  EXPECT_FALSE(endpoint->local());
}

TEST(Endpoint, WhatSshOrAShellCouldTakeForMoreThanANameIsRefused) {
  for (const char* url :
       {"ssh://-oProxyCommand=x", "ssh://%2DoProxyCommand=x", "ssh://a;b", "ssh://a$b",
        "ssh://a%60b", "ssh://a%0Ab", "ssh://a%20b", "ssh://a&b", "ssh://(a)"}) {
    EXPECT_THAT(canonical(url), HasSubstr("no host name has")) << url;
  }
  for (const char* url : {"ssh://-l@host", "ssh://a%20b@host", "ssh://a;b@host", "ssh://$a@host"}) {
    EXPECT_THAT(canonical(url), HasSubstr("no user name has")) << url;
  }
  for (const char* url : {"https://a%00b", "tcp://a%0Ab", "https://a%20b", "tcp://%41"}) {
    EXPECT_THAT(canonical(url), HasSubstr("no host name has")) << url;
  }
  EXPECT_THAT(canonical("ssh://host/a%0Ab"), HasSubstr("control characters"));
  EXPECT_THAT(canonical("ssh://host/a?b"), HasSubstr("nothing may follow"));
  EXPECT_THAT(canonical("ssh://host:0"), HasSubstr("the port"));
  EXPECT_THAT(canonical("ssh://"), HasSubstr("host is missing"));
  EXPECT_THAT(canonical("ssh://me:secret@host"), HasSubstr("use a key"));
  EXPECT_THAT(canonical("ssh://me:secret@host"), testing::Not(HasSubstr("secret")));
}

TEST(Endpoint, WhatMayBeASecretIsRefusedAndNeverRepeated) {
  for (const char* url :
       {"https://me:secret@h", "https://me:secret@h/path", "https://secret@h", "tcp://:secret@h:1",
        "http://me:secret@h", "https://me:secret@a%20b", "https://me:secret@", "ssh://me:secret@h",
        "ssh://me:secret@-h", "ssh://me:secret@h/a?b", "ssh://:secret@h", "ftp://me:secret@h",
        "https://me:secret@h:99999", "https://me:sec ret@h", "me:secret@h"}) {
    EXPECT_THAT(canonical(url), testing::StartsWith("error: ")) << url;
    EXPECT_THAT(canonical(url), testing::Not(testing::ContainsRegex("secret|sec ret"))) << url;
  }
  EXPECT_THAT(canonical("https://me:secret@h"), HasSubstr("https://h: a user or a password"));
  EXPECT_THAT(canonical("unix:///a:b@c" + std::string(107, 'x')), HasSubstr("a:b@c"));
}

TEST(Endpoint, WhatIsWrongIsSaid) {
  EXPECT_THAT(canonical("unix://run/x.sock"), HasSubstr("must be absolute"));
  EXPECT_THAT(canonical("unix://"), HasSubstr("must be absolute"));
  EXPECT_THAT(canonical("unix:///" + std::string(107, 'x')),
              HasSubstr("107 bytes, this one has 108"));
  EXPECT_THAT(canonical("ftp://host"), HasSubstr("ftp:// is not supported"));
  EXPECT_THAT(canonical("tcp://"), HasSubstr("host is missing"));
  EXPECT_THAT(canonical("tcp://host:99999"), HasSubstr("port"));
  EXPECT_THAT(canonical("tcp://host/path"), HasSubstr("path after the host"));
  EXPECT_THAT(canonical("docker"), HasSubstr("not a URL"));
  EXPECT_THAT(canonical(""), HasSubstr("unix:///path/to/socket"));
}

}  // namespace
}  // namespace rollcall
