#include "core/text/numbers.hpp"

#include <cstdint>

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(WholeNumber, IsTheWholeText) {
  EXPECT_EQ(whole_number<int>("-7"), -7);
  EXPECT_EQ(whole_number<std::uint16_t>("65535"), 65535);
  EXPECT_EQ(whole_number<unsigned>("660", 8), 0660U);
  for (const char* text : {"", " 7", "7 ", "+7", "0x7", "7a", "65536", "-1"}) {
    EXPECT_EQ(whole_number<std::uint16_t>(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace rollcall
