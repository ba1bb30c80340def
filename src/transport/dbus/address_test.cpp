#include "transport/dbus/address.hpp"

#include <string>

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(DbusAddress, IsWrittenInManyWays) {
  for (const char* text :
       {"unix:path=/run/bus", "unix:path=/run/bus,guid=0123", "unix:guid=0123,path=/run/bus",
        "unix:path=%2frun/bus", "tcp:host=h,port=1;unix:path=/run/bus", "unix:///run/bus",
        "unix:/run/bus", "/run/bus"}) {
    const auto endpoint = parse_dbus_address(text);
    ASSERT_TRUE(endpoint.has_value()) << text << ": " << endpoint.error();
    EXPECT_EQ(endpoint->url(), "unix:///run/bus") << text;
  }
}

TEST(DbusAddress, OfAnAbstractSocketIsAPathWithAnAt) {
  for (const char* text : {"unix:abstract=/tmp/dbus-x", "unix://@/tmp/dbus-x"}) {
    const auto endpoint = parse_dbus_address(text);
    ASSERT_TRUE(endpoint.has_value()) << text << ": " << endpoint.error();
    EXPECT_EQ(endpoint->path, "@/tmp/dbus-x") << text;
  }
}

TEST(DbusAddress, ThatIsWrongIsSaidToBe) {
  struct Row {
    std::string text;
    std::string what;
  };
  const Row rows[] = {
      {"", "this is not the address of a bus on a Unix socket"},
      {"tcp:host=localhost,port=1", "this is not the address of a bus on a Unix socket"},
      {"unix:tmpdir=/tmp", "it names neither path= nor abstract="},
      {"unix:path=", "the path is missing"},
      {"unix:path=run/bus", "the path must be absolute"},
      {"unix:path=/a%zz", "a % in it is not followed by two hexadecimal digits"},
      {"unix:path=/a%2", "a % in it is not followed by two hexadecimal digits"},
      {"unix:path=/" + std::string(107, 'x'),
       "the path of a Unix socket may have 107 bytes, this one has 108"},
  };
  for (const Row& row : rows) {
    const auto endpoint = parse_dbus_address(row.text);
    ASSERT_FALSE(endpoint.has_value()) << row.text;
    EXPECT_EQ(endpoint.error().kind, ErrorKind::invalid_config) << row.text;
    EXPECT_EQ(endpoint.error().what, row.what) << row.text;
    EXPECT_FALSE(endpoint.error().remedy.empty());
  }
}

}  // namespace
}  // namespace rollcall
