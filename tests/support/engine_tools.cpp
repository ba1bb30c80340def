#include "support/engine_tools.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

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

void require_program(const char* program, const char* package) {
  if (run({"sh", "-c", fmt::format("command -v {}", program)}).status !=
      ExitStatus{.code = 0, .signal = 0}) {
    throw std::runtime_error(fmt::format(
        "{} is not installed, and this test drives a real one; scripts/setup --test installs {}",
        program, package));
  }
}

std::string make_test_root(const std::string& folder) {
  run_or_throw({"sh", "-c", make_root_script, "sh", folder});
  std::ifstream file(folder + "/root.tar", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace rollcall::support
