#include "server/listening/socket_file.hpp"

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/listening/descriptor.hpp"
#include "support/temp_folder.hpp"

namespace rollcall::server {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class ServerSocketFile : public testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return folder_.path() / "roll.sock"; }
  [[nodiscard]] std::string lock_path() const { return path() + ".lock"; }

  /// Listens at path(); the error, or empty.
  std::string listen(unsigned mode = 0660) {
    auto listening = listen_at({.path = path(), .mode = mode}, 5);
    if (!listening) return listening.error().describe();
    socket_ = Descriptor(listening->descriptor);
    file_ = listening->file;
    return "";
  }

  /// Closes the socket as if its process had died.
  void die() { socket_ = Descriptor(); }

  [[nodiscard]] unsigned mode() const {
    struct stat status{};
    EXPECT_EQ(::lstat(path().c_str(), &status), 0);
    return status.st_mode & 07777U;
  }

  support::TempFolder folder_;
  Descriptor socket_;
  SocketFile file_;
};

/// Sets the umask for as long as it lives.
class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  ~Umask() { ::umask(before_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  mode_t before_;
};

TEST_F(ServerSocketFile, HasItsModeWhateverTheUmask) {
  for (const mode_t mask : {0U, 022U, 077U, 0777U}) {
    for (const unsigned wanted : {0600U, 0660U, 0666U, 0777U, 0620U}) {
      const Umask umask(mask);
      ASSERT_EQ(listen(wanted), "");
      EXPECT_EQ(mode(), wanted);
      EXPECT_EQ(::umask(mask), mask) << "it is as it was before";
      file_.remove();
    }
  }
}

TEST_F(ServerSocketFile, LeavesNoLockBehind) {
  ASSERT_EQ(listen(), "");
  EXPECT_FALSE(std::filesystem::exists(lock_path()));
  EXPECT_THAT(listen(), HasSubstr("another program listens there"));
  EXPECT_FALSE(std::filesystem::exists(lock_path()));
  file_.remove();
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(ServerSocketFile, IsNotMadeByTwoAtOnce) {
  const Descriptor lock(::open(lock_path().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::flock(lock.get(), LOCK_EX), 0);
  EXPECT_THAT(listen(), HasSubstr("another program is making this socket"));
  EXPECT_TRUE(std::filesystem::exists(lock_path())) << "it is the other's";
}

TEST_F(ServerSocketFile, TakesALockThatWasLeftBehind) {
  std::ofstream(lock_path()).close();
  ::chmod(lock_path().c_str(), 0600);
  ASSERT_EQ(listen(), "");
  EXPECT_FALSE(std::filesystem::exists(lock_path()));
}

TEST_F(ServerSocketFile, IsMadeThoughItsLockCannotBeHad) {
  std::ofstream(folder_.path() / "precious") << "text";
  std::filesystem::create_symlink(folder_.path() / "precious", lock_path());
  ASSERT_EQ(listen(), "");
  EXPECT_TRUE(std::filesystem::is_symlink(lock_path()));
  EXPECT_EQ(std::filesystem::file_size(folder_.path() / "precious"), 4U);
}

TEST_F(ServerSocketFile, TrustsNoLockThatOthersMayOpen) {
  const Descriptor lock(::open(lock_path().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::fchmod(lock.get(), 0644), 0);
  ASSERT_EQ(::flock(lock.get(), LOCK_EX), 0);
  EXPECT_EQ(listen(), "");
  EXPECT_TRUE(std::filesystem::exists(lock_path()));
}

TEST_F(ServerSocketFile, WaitsForNoFifoInThePlaceOfItsLock) {
  ASSERT_EQ(::mkfifo(lock_path().c_str(), 0600), 0);
  EXPECT_EQ(listen(), "");
}

TEST_F(ServerSocketFile, IsReplacedOnlyUnderALock) {
  ASSERT_EQ(listen(), "");
  die();
  std::filesystem::create_symlink("nowhere", lock_path());
  EXPECT_THAT(listen(), HasSubstr("cannot be replaced safely"));
  EXPECT_TRUE(std::filesystem::exists(std::filesystem::symlink_status(path())));
  std::filesystem::remove(lock_path());
  EXPECT_EQ(listen(), "");
}

TEST_F(ServerSocketFile, FollowsNoLinkInItsPlace) {
  std::ofstream(folder_.path() / "precious") << "text";
  ::chmod((folder_.path() / "precious").c_str(), 0600);
  std::filesystem::create_symlink(folder_.path() / "precious", path());
  EXPECT_THAT(listen(0666), HasSubstr("no socket"));
  EXPECT_TRUE(std::filesystem::is_symlink(path()));
  struct stat status{};
  ASSERT_EQ(::stat((folder_.path() / "precious").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(ServerSocketFile, HasAFolderThatNoOtherUserMayChange) {
  const Umask umask(0);
  make_folder_of(folder_.path() / "a" / "b" / "roll.sock");
  EXPECT_EQ(::umask(0), 0U) << "it is as it was before";
  for (const std::filesystem::path& folder : {folder_.path() / "a", folder_.path() / "a" / "b"}) {
    struct stat status{};
    ASSERT_EQ(::stat(folder.c_str(), &status), 0) << folder;
    EXPECT_EQ(status.st_mode & 0777U, 0755U) << folder;
  }
}

TEST_F(ServerSocketFile, SaysThatItsFolderIsMissing) {
  const auto listening = listen_at({.path = folder_.path() / "none" / "roll.sock"}, 5);
  ASSERT_FALSE(listening);
  EXPECT_THAT(listening.error().describe(), HasSubstr("make the folder first"));
}

TEST_F(ServerSocketFile, IsNotRemovedOnceItIsAnothers) {
  ASSERT_EQ(listen(), "");
  std::filesystem::remove(path());
  std::ofstream(path()) << "precious";
  file_.remove();
  EXPECT_TRUE(std::filesystem::exists(path()));
}

}  // namespace
}  // namespace rollcall::server
