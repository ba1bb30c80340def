#include "support/temp_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>
#include <system_error>

namespace rollcall::support {

namespace fs = std::filesystem;

TempFolder::TempFolder() {
  std::string pattern = "/tmp/rollcall-test-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), "mkdtemp");
  }
  path_ = pattern;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void TempFolder::write(const fs::path& relative, std::string_view text) const {
  const auto path = path_ / relative;
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file.exceptions(std::ios::failbit | std::ios::badbit);
  file << text;
}

void TempFolder::link(const fs::path& relative, std::string_view target) const {
  const auto path = path_ / relative;
  fs::create_directories(path.parent_path());
  fs::create_symlink(target, path);
}

}  // namespace rollcall::support
