#include "hostview/small_files.hpp"

#include <chrono>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "hostview/secret_files.hpp"
#include "support/process.hpp"
#include "support/temp_folder.hpp"

namespace rollcall {
namespace {

using testing::HasSubstr;

class SmallFiles : public testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const { return folder_.path() / name; }
  std::string file(const std::string& text, unsigned mode = 0600) {
    folder_.write("file", text);
    std::filesystem::permissions(path("file"), std::filesystem::perms(mode));
    return path("file");
  }
  [[nodiscard]] static std::string error_of(const std::string& path, std::size_t limit = 100) {
    const auto text = read_file(path, limit);
    return text ? "read: " + *text : text.error().what;
  }

  support::TempFolder folder_;
};

TEST_F(SmallFiles, AreReadWholeOrNotAtAll) {
  EXPECT_EQ(read_file(file("0123456789"), 10), "0123456789");
  EXPECT_EQ(read_file(file(""), 10), "");
  EXPECT_EQ(error_of(file("0123456789"), 9), "it is larger than 9 bytes");
  EXPECT_EQ(read_small_file(file("0123456789"), 4), "0123");
  const auto missing = read_file(path("missing"), 1);
  ASSERT_FALSE(missing);
  EXPECT_TRUE(missing.error().missing());
  EXPECT_TRUE(read_file(path("file") + "/below", 1).error().missing());
}

TEST_F(SmallFiles, WhatIsNoPlainFileIsRefusedAtOnce) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  folder_.link("to-fifo", path("fifo"));
  folder_.link("zero", "/dev/zero");
  folder_.link("loop", path("loop"));
  const support::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path("socket").copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(error_of(path("fifo")), "it is a FIFO, and no plain file");
  EXPECT_EQ(error_of(path("to-fifo")), "it is a FIFO, and no plain file");
  EXPECT_EQ(error_of(path("zero")), "it is a device, and no plain file");
  EXPECT_EQ(error_of(path("socket")), "it is a socket, and no plain file");
  EXPECT_EQ(error_of(folder_.path()), "it is a folder, and no plain file");
  EXPECT_THAT(error_of(path("loop")), HasSubstr("symbolic links"));
  for (const char* name : {"fifo", "zero", "."}) {
    EXPECT_EQ(read_small_file(path(name), 10), std::nullopt) << name;
    EXPECT_EQ(Folder(folder_.path()).file(name, 10), std::nullopt) << name;
  }
}

TEST_F(SmallFiles, TheNullDeviceIsAnEmptyFileAndThoseOfTheKernelArePlain) {
  EXPECT_EQ(read_file("/dev/null", 10), "");
  EXPECT_THAT(read_file("/proc/self/status", 1U << 20U).value_or(""), HasSubstr("Name:"));
}

TEST_F(SmallFiles, ASecretIsNobodyElsesToReadOrToChange) {
  const auto error = [this](unsigned mode) {
    const auto text = read_secret_file(file("secret", mode), 100);
    return text ? *text : text.error().what;
  };
  EXPECT_EQ(error(0600), "secret");
  EXPECT_EQ(error(0400), "secret");
  for (const unsigned mode : {0644U, 0604U, 0602U, 0620U, 0660U, 0666U, 0601U}) {
    EXPECT_THAT(error(mode), HasSubstr("chmod 0600")) << mode;
  }
  // A file of root may be readable by its group.
  EXPECT_EQ(error(0640) == "secret", ::geteuid() == 0);
}

TEST_F(SmallFiles, ASecretOfAnotherUserIsNone) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(::chown(file("secret").c_str(), 4242, 0), 0);
  const auto text = read_secret_file(path("file"), 100);
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().what, HasSubstr("belongs to user 4242"));
}

}  // namespace
}  // namespace rollcall
