// A private folder of a test.
#pragma once

#include <filesystem>
#include <string_view>

namespace rollcall::support {

/// An empty folder below /tmp, removed with its contents by the destructor.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  /// Writes a file, and makes its parent folders.
  void write(const std::filesystem::path& relative, std::string_view text) const;

  /// Makes a symbolic link, which may dangle, and its parent folders.
  void link(const std::filesystem::path& relative, std::string_view target) const;

 private:
  std::filesystem::path path_;
};

}  // namespace rollcall::support
