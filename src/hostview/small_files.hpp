// Small files that are read at once and whole: configurations, secrets, and those of /proc and of
// the control groups. All code of the project that reads files goes through these functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <sys/stat.h>
#include <sys/types.h>

namespace rollcall {

/// Why a file could not be read.
struct FileFault {
  int error = 0;       ///< The errno; 0: it could be opened, but is of the wrong type.
  std::string what{};  ///< "No such file or directory", "it is a FIFO, and no plain file".

  [[nodiscard]] bool missing() const noexcept;
  [[nodiscard]] bool denied() const noexcept;
};

/// Checks a file after it was opened; returns what is wrong with it, or empty.
using FileCheck = std::function<std::string(const struct ::stat& file)>;

/// Reads the whole file, of at most `limit` bytes.
///
/// Never blocks: FIFOs, devices, sockets and directories are refused without being opened.
/// /dev/null counts as an empty file.
std::expected<std::string, FileFault> read_file(const std::string& path, std::size_t limit,
                                                const FileCheck& check = {});

/// Reads a regular file from its beginning, at most `limit` bytes; nullopt if it cannot be read.
/// For files of the kernel, whose rest is never needed when they are longer.
std::optional<std::string> read_small_file(const std::string& path, std::size_t limit);

/// A directory whose files are read by name. An open /proc/PID stays with one process: after its
/// end nothing can be read, even if the pid is reused.
class Folder {
 public:
  explicit Folder(const std::string& path);
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::optional<std::string> file(const char* name, std::size_t limit) const;

  /// The target of a symbolic link; empty if it cannot be read.
  [[nodiscard]] std::string link(const char* name) const;

 private:
  int fd_;
};

/// Iterates over the entries of a directory.
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
  [[nodiscard]] int error() const noexcept { return error_; }  ///< Why it could not be opened.

  /// Returns nullopt at the end, and if the directory vanishes or cannot be read. Includes "." and
  /// "..".
  std::optional<Entry> next();

  /// Writes the target of the last entry into the buffer. Returns its size, or -1 and errno.
  [[nodiscard]] ssize_t link(std::span<char> into) const noexcept;

 private:
  int fd_;
  int error_ = 0;
  const char* name_ = "";  // Of the last entry.
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  alignas(std::uint64_t) std::array<char, 8192> buffer_{};
};

}  // namespace rollcall
