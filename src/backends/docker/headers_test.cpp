#include "backends/docker/headers.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::docker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

std::vector<HttpHeader> read(std::string_view csv) {
  auto headers = read_custom_headers(csv);
  EXPECT_TRUE(headers) << csv;
  return headers.value_or(std::vector<HttpHeader>());
}

std::string fault(const Result<std::vector<HttpHeader>>& headers) {
  return headers ? "none" : headers.error().describe();
}

TEST(DockerHeaders, OfTheVariableAreALineOfCsv) {
  EXPECT_THAT(read("a=1,b=2"), ElementsAre(Pair("a", "1"), Pair("b", "2")));
  EXPECT_THAT(read(" a = 1 ,b="), ElementsAre(Pair("a", " 1 "), Pair("b", "")));
  EXPECT_THAT(read("a=b=c"), ElementsAre(Pair("a", "b=c")));
  EXPECT_THAT(read("\"a=1,2\",\"b=\"\"x\"\"\""), ElementsAre(Pair("a", "1,2"), Pair("b", "\"x\"")));
  EXPECT_THAT(read("a=1,A=2"), ElementsAre(Pair("A", "2")));
  EXPECT_THAT(read("\r\na=1\r\nb=2"), ElementsAre(Pair("a", "1")));
  EXPECT_THAT(read(""), IsEmpty());
}

TEST(DockerHeaders, AMistakeIsSaidWithoutTheValue) {
  for (const char* csv : {"a", "a=1,", "=secret", "a=1,secret", "\"a=secret", "a=\"secret\"",
                          "\"a=secret\"x", ",a=secret"}) {
    EXPECT_THAT(fault(read_custom_headers(csv)), HasSubstr("DOCKER_CUSTOM_HEADERS")) << csv;
    EXPECT_THAT(fault(read_custom_headers(csv)), Not(HasSubstr("secret"))) << csv;
  }
}

TEST(DockerHeaders, WhatIsNotTheUsersToSayIsLeftOut) {
  EXPECT_THAT(*checked_headers({{"X-A", " 1\t"},
                                {"Host", "h"},
                                {"user-agent", "u"},
                                {"Content-Length", "7"},
                                {"Transfer-Encoding", "chunked"},
                                {"connection", "close"},
                                {"X-Empty", " "}}),
              ElementsAre(Pair("X-A", "1")));
}

TEST(DockerHeaders, WhatNoHeaderMayHaveIsRefused) {
  for (const HttpHeader& header :
       {HttpHeader{"a b", "secret"}, HttpHeader{"", "secret"}, HttpHeader{"a:", "secret"},
        HttpHeader{"a", "secret\r\nb: c"}, HttpHeader{"a\n", "secret"}}) {
    EXPECT_NE(fault(checked_headers({header})), "none") << header.first;
    EXPECT_THAT(fault(checked_headers({header})), Not(HasSubstr("secret")));
  }
}

}  // namespace
}  // namespace rollcall::docker
