#include "transport/small_files.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

namespace rollcall {

namespace {

std::optional<std::string> read_at(int folder, const char* name, std::size_t limit) {
  const int fd = ::openat(folder, name, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  std::array<char, 4096> piece{};
  std::string text;
  ssize_t size = 0;
  do {
    const std::size_t wanted = std::min(piece.size(), limit - text.size());
    size = ::read(fd, piece.data(), wanted);
    if (size > 0) text.append(piece.data(), static_cast<std::size_t>(size));
  } while (size > 0 && text.size() < limit);
  ::close(fd);
  // A process that ends between open and read: ESRCH.
  if (size < 0) return std::nullopt;
  return text;
}

}  // namespace

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
