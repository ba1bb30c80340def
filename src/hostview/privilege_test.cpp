#include "hostview/privilege.hpp"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(Privilege, RootIsNotToldToBeRoot) {
  EXPECT_EQ(privilege_remedy("CAP_X", false), "run as root, or grant CAP_X");
  EXPECT_EQ(privilege_remedy("CAP_X", true), "root lacks this here: grant CAP_X");
}

}  // namespace
}  // namespace rollcall
