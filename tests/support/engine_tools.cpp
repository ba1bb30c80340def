#include "support/engine_tools.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "support/process.hpp"

namespace rollcall::support {
namespace {

constexpr const char* make_root_script = R"sh(
set -eu
mkdir -p "$1"/root/bin "$1"/root/etc "$1"/root/proc "$1"/root/sys "$1"/root/dev "$1"/root/tmp
cp "$(command -v busybox)" "$1"/root/bin/busybox
for applet in sh sleep cat echo true false kill test touch rm ls nc httpd; do
  ln -s busybox "$1"/root/bin/$applet
done
echo 'root:x:0:0:root:/:/bin/sh' >"$1"/root/etc/passwd
tar -C "$1"/root -cf "$1"/root.tar .
)sh";

}  // namespace

std::string engine_root() {
  const char* root = std::getenv("ROLLCALL_ENGINE_ROOT");
  if (root == nullptr || *root == '\0') return {};
  if (!std::filesystem::exists(root + std::string("/usr/bin/env"))) {
    throw std::runtime_error(
        fmt::format("there is no system in {}, and this test drives its engines; "
                    "scripts/newer-engines makes it",
                    root));
  }
  return root;
}

void require_program(const char* program, const char* package) {
  const std::string root = engine_root();
  std::vector<std::string> command = {"sh", "-c", fmt::format("command -v {}", program)};
  if (!root.empty()) command.insert(command.begin(), {"chroot", root});
  if (run(command).status == ExitStatus{.code = 0, .signal = 0}) return;
  throw std::runtime_error(
      fmt::format("{} is not installed, and this test drives a real one; {} installs {}", program,
                  root.empty() ? "scripts/setup --test" : "scripts/newer-engines", package));
}

std::string make_test_root(const std::string& folder) {
  run_or_throw({"sh", "-c", make_root_script, "sh", folder});
  std::ifstream file(folder + "/root.tar", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace rollcall::support
