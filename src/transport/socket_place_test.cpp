#include "transport/socket_place.hpp"

#include <cerrno>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/temp_folder.hpp"

namespace rollcall {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class SocketPlace : public testing::Test {
 protected:
  [[nodiscard]] std::string at(const std::string& name) const {
    return (folder_.path() / name).string();
  }
  [[nodiscard]] static std::string what(const std::string& path, int error) {
    const auto fault = socket_place_fault(path, error);
    return fault ? fault->what : "nothing";
  }

  support::TempFolder folder_;
};

TEST_F(SocketPlace, WhatIsNoSocketIsSaidAsWhatItIs) {
  fs::create_directory(at("directory"));
  folder_.write("file", "x");
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  for (const int error : {ECONNREFUSED, ENOTSOCK, EPROTOTYPE}) {
    EXPECT_THAT(what(at("directory"), error), HasSubstr("a directory"));
    EXPECT_THAT(what(at("file"), error), HasSubstr("a plain file"));
    EXPECT_THAT(what(at("pipe"), error), HasSubstr("a pipe"));
    EXPECT_THAT(what("/dev/null", error), HasSubstr("a device"));
  }
  fs::create_symlink(at("directory"), at("link"));
  EXPECT_THAT(what(at("link"), ECONNREFUSED), HasSubstr("a directory"));
}

TEST_F(SocketPlace, OfALinkThatLeadsNowhereTheTargetIsNamed) {
  fs::create_symlink("/nowhere/engine.sock", at("link"));
  const auto fault = socket_place_fault(at("link"), ENOENT);
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->fault, ConnectFault::missing);
  EXPECT_THAT(fault->what, HasSubstr("no such socket"));
  EXPECT_THAT(fault->what, HasSubstr("/nowhere/engine.sock"));
  EXPECT_THAT(what(at("l"), ELOOP), HasSubstr("symbolic links"));
}

TEST_F(SocketPlace, AFileInThePlaceOfAFolderIsNamed) {
  folder_.write("file", "x");
  EXPECT_THAT(what(at("file/engine.sock"), ENOTDIR), HasSubstr(at("file") + " is no folder"));
}

TEST_F(SocketPlace, WhatTheErrorSaysAloneIsLeftToIt) {
  EXPECT_EQ(what(at("none"), ENOENT), "nothing");
  EXPECT_EQ(what(at("none"), ECONNREFUSED), "nothing");
  EXPECT_EQ(what(at("none"), EAGAIN), "nothing");
  EXPECT_EQ(what("@abstract", EACCES), "nothing");
}

TEST_F(SocketPlace, RootIsNotToldToBeRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "this is not root";
  folder_.write("file", "x");
  const auto fault = socket_place_fault("/dev/log", EACCES);
  ASSERT_TRUE(fault);
  EXPECT_THAT(fault->remedy, testing::Not(HasSubstr("as root")));
}

}  // namespace
}  // namespace rollcall
