#include "hostview/secret_files.hpp"

#include <fmt/format.h>
#include <unistd.h>

namespace rollcall {

std::string why_no_secret(const std::string& path, const struct ::stat& file) {
  if (file.st_uid != 0 && file.st_uid != ::geteuid()) {
    return fmt::format("it belongs to user {}, who could change it; `chown root {}`", file.st_uid,
                       path);
  }
  const mode_t others = S_IRWXO | S_IWGRP | S_IXGRP;
  const mode_t group = file.st_uid == 0 ? 0U : S_IRGRP;
  if (S_ISREG(file.st_mode) && (file.st_mode & (others | group)) != 0) {
    return fmt::format("others may read or change it (mode {:04o}); `chmod 0600 {}`",
                       file.st_mode & 07777U, path);
  }
  return {};
}

std::expected<std::string, FileFault> read_secret_file(const std::string& path, std::size_t limit) {
  return read_file(path, limit,
                   [&path](const struct ::stat& file) { return why_no_secret(path, file); });
}

}  // namespace rollcall
