#include "hostview/small_files.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <system_error>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace rollcall {

namespace {

/// Flags against side effects: no controlling terminal, and no wait for the other end of a FIFO.
constexpr int reading = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

bool is_null_device(const struct ::stat& file) {
  return S_ISCHR(file.st_mode) && file.st_rdev == makedev(1, 3);
}

FileFault fault_of(int error) {
  return {.error = error, .what = std::generic_category().message(error)};
}

/// The type of the file; empty for a regular file.
std::string_view kind_of(const struct ::stat& file) {
  if (S_ISREG(file.st_mode) || is_null_device(file)) return {};
  if (S_ISDIR(file.st_mode)) return "folder";
  if (S_ISFIFO(file.st_mode)) return "FIFO";
  if (S_ISSOCK(file.st_mode)) return "socket";
  return "device";
}

std::optional<FileFault> why_not_read(const struct ::stat& file) {
  const std::string_view kind = kind_of(file);
  if (kind.empty()) return std::nullopt;
  return FileFault{.what = fmt::format("it is a {}, and no plain file", kind)};
}

/// Appends to `text` until the end of the file or `most` bytes. Returns 0 or the errno.
int read_up_to(int fd, std::size_t most, std::string& text) {
  std::array<char, 16384> piece{};
  while (text.size() < most) {
    const std::size_t wanted = std::min(piece.size(), most - text.size());
    const ssize_t size = ::read(fd, piece.data(), wanted);
    if (size == 0) return 0;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno;
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
  return 0;
}

std::expected<std::string, FileFault> read_opened(int fd, std::size_t limit,
                                                  const FileCheck& check) {
  struct ::stat file{};
  if (::fstat(fd, &file) != 0) return std::unexpected(fault_of(errno));
  if (auto other = why_not_read(file)) return std::unexpected(std::move(*other));
  if (std::string against = check ? check(file) : std::string(); !against.empty()) {
    return std::unexpected(FileFault{.what = std::move(against)});
  }
  std::string text;
  if (const int error = read_up_to(fd, limit + 1, text); error != 0) {
    return std::unexpected(fault_of(error));
  }
  if (text.size() > limit) {
    return std::unexpected(FileFault{.what = fmt::format("it is larger than {} bytes", limit)});
  }
  return text;
}

std::optional<std::string> read_at(int folder, const char* name, std::size_t limit) {
  const int fd = ::openat(folder, name, reading);
  if (fd < 0) return std::nullopt;
  struct ::stat file{};
  std::string text;
  // Fails with ESRCH if a process ends between open and read.
  const bool read =
      ::fstat(fd, &file) == 0 && kind_of(file).empty() && read_up_to(fd, limit, text) == 0;
  ::close(fd);
  if (!read) return std::nullopt;
  return text;
}

}  // namespace

bool FileFault::missing() const noexcept {
  return error == ENOENT || error == ENOTDIR;
}

bool FileFault::denied() const noexcept {
  return error == EACCES || error == EPERM;
}

std::expected<std::string, FileFault> read_file(const std::string& path, std::size_t limit,
                                                const FileCheck& check) {
  // Opening a device may have side effects, so check the type first.
  struct ::stat file{};
  if (::stat(path.c_str(), &file) != 0) return std::unexpected(fault_of(errno));
  if (auto other = why_not_read(file)) return std::unexpected(std::move(*other));
  const int fd = ::open(path.c_str(), reading);
  if (fd < 0) return std::unexpected(fault_of(errno));
  auto text = read_opened(fd, limit, check);
  ::close(fd);
  return text;
}

std::optional<std::string> read_small_file(const std::string& path, std::size_t limit) {
  return read_at(AT_FDCWD, path.c_str(), limit);
}

Folder::Folder(const std::string& path)
    : fd_(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

Folder::~Folder() {
  if (fd_ >= 0) ::close(fd_);
}

std::optional<std::string> Folder::file(const char* name, std::size_t limit) const {
  return fd_ < 0 ? std::nullopt : read_at(fd_, name, limit);
}

std::string Folder::link(const char* name) const {
  std::array<char, PATH_MAX> target{};
  const ssize_t size = fd_ < 0 ? -1 : ::readlinkat(fd_, name, target.data(), target.size());
  return size < 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(size));
}

FolderReader::FolderReader(const std::string& path)
    : fd_(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), error_(fd_ < 0 ? errno : 0) {}

FolderReader::~FolderReader() {
  if (fd_ >= 0) ::close(fd_);
}

std::optional<FolderReader::Entry> FolderReader::next() {
  if (at_ == end_ && fd_ >= 0) {
    const ssize_t size = ::getdents64(fd_, buffer_.data(), buffer_.size());
    at_ = 0;
    end_ = size > 0 ? static_cast<std::size_t>(size) : 0;
  }
  if (at_ == end_) return std::nullopt;
  const char* const start = buffer_.data() + at_;
  dirent64 header{};
  std::memcpy(&header, start, offsetof(dirent64, d_name));
  at_ += header.d_reclen;
  name_ = start + offsetof(dirent64, d_name);
  return Entry{.name = name_, .inode = header.d_ino, .folder = header.d_type == DT_DIR};
}

ssize_t FolderReader::link(std::span<char> into) const noexcept {
  return ::readlinkat(fd_, name_, into.data(), into.size());
}

}  // namespace rollcall
