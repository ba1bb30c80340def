#include "core/addresses.hpp"

#include <string>

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(Addresses, AreWrittenInOneWay) {
  EXPECT_EQ(canonical_address("10.0.0.1")->ip, "10.0.0.1");
  EXPECT_EQ(canonical_address("10.0.0.1")->family, AddressFamily::ipv4);
  EXPECT_EQ(canonical_address("FD00:0::01")->ip, "fd00::1");
  EXPECT_EQ(canonical_address("::ffff:10.0.0.1")->family, AddressFamily::ipv6);
}

TEST(Addresses, AnythingElseIsNone) {
  for (const char* text : {"", "10.0.0", "10.0.0.1/24", "fe80::1%eth0", "None", "010.0.0.1", "x"}) {
    EXPECT_FALSE(canonical_address(text)) << text;
  }
  EXPECT_FALSE(canonical_address(std::string("10.0.0.1\0x", 10)));
  EXPECT_FALSE(canonical_address(std::string(100, '1')));
}

}  // namespace
}  // namespace rollcall
