// Small files and folders of /proc and of the control groups, read at once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace rollcall {

/// The file from its beginning, at most `limit` bytes of it; nothing if it cannot be read.
std::optional<std::string> read_small_file(const std::string& path, std::size_t limit);

/// A folder whose files are read by their names. Of /proc/PID it stays that of one process: when
/// that has ended nothing can be read, even if its number was given anew.
class Folder {
 public:
  explicit Folder(const std::string& path);
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::optional<std::string> file(const char* name, std::size_t limit) const;

  /// Where a symbolic link leads; empty if it cannot be read.
  [[nodiscard]] std::string link(const char* name) const;

 private:
  int fd_;
};

/// Goes through the entries of a folder.
class FolderReader {
 public:
  struct Entry {
    std::string_view name;  ///< Valid until the next call.
    std::uint64_t inode = 0;
    bool folder = false;
  };

  explicit FolderReader(const std::string& path);
  ~FolderReader();
  FolderReader(const FolderReader&) = delete;
  FolderReader& operator=(const FolderReader&) = delete;

  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int error() const noexcept { return error_; }  ///< Why it is not open.

  /// Nothing at the end, and if the folder vanishes or cannot be read. Also gives "." and "..".
  std::optional<Entry> next();

  /// Where the entry that was given last leads, written into the buffer: its size, or -1 and errno.
  [[nodiscard]] ssize_t link(std::span<char> into) const noexcept;

 private:
  int fd_;
  int error_ = 0;
  const char* name_ = "";  // of the entry that was given last
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  alignas(std::uint64_t) std::array<char, 8192> buffer_{};
};

}  // namespace rollcall
