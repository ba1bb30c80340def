// A folder of a test's own.
#pragma once

#include <filesystem>
#include <string_view>

namespace rollcall::support {

/// An empty folder below /tmp, removed with all that is in it.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  /// Writes a file, and makes the folders that lead to it.
  void write(const std::filesystem::path& relative, std::string_view text) const;

  /// Makes a symbolic link, also to nothing, and the folders that lead to it.
  void link(const std::filesystem::path& relative, std::string_view target) const;

 private:
  std::filesystem::path path_;
};

}  // namespace rollcall::support
