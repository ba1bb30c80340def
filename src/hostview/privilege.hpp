// Advice for a user who lacks a right.
#pragma once

#include <string>
#include <string_view>

#include <unistd.h>

namespace rollcall {

/// Root is not advised to run as root: in that case a sandbox or namespace has removed the
/// capabilities.
inline std::string privilege_remedy(std::string_view capabilities, bool root = ::geteuid() == 0) {
  return (root ? "root lacks this here: grant " : "run as root, or grant ") +
         std::string(capabilities);
}

}  // namespace rollcall
