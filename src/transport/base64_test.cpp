#include "transport/base64.hpp"

#include <string>

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(Base64, IsReadAsItIsWritten) {
  std::string bytes;
  for (int size = 0; size < 300; ++size) {
    const std::string letters = to_base64(bytes);
    EXPECT_EQ(from_base64(letters), bytes) << letters;
    bytes += static_cast<char>(size * 7);
  }
  EXPECT_EQ(to_base64("user:password"), "dXNlcjpwYXNzd29yZA==");
}

TEST(Base64, WhiteSpaceIsPassedOver) {
  EXPECT_EQ(from_base64(" dXNl\n cg==\r\n"), "user");
  EXPECT_EQ(from_base64(" \n"), "");
}

TEST(Base64, AnythingElseIsNone) {
  for (const char* text : {"dXN", "dXNl*g==", "====", "d===", "dXNl-_==", "\xff\xff\xff\xff"}) {
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace rollcall
