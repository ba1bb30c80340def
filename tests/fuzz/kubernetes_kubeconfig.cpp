// Fuzzes kubeconfigs, and everything that their contexts lead to.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "backends/kubernetes/kubeconfig.hpp"
#include "core/text/text.hpp"
#include "holds.hpp"

namespace {

using rollcall::RuntimeError;
using rollcall::fuzz::holds;

constexpr std::string_view file = "/k/config";

void check(const RuntimeError& error) {
  holds(error.kind == rollcall::ErrorKind::invalid_config, "only the file can be mended");
  holds(error.endpoint == file, "an error names the file");
  holds(!error.what.empty() && !error.remedy.empty(), "an error says what, and what to do");
  holds(rollcall::printable(error.describe()) == error.describe(), "an error can be shown");
  holds(error.what.size() < 1000, "an error is a sentence");
}

}  // namespace

// The name is libFuzzer's. NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall::kubernetes;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = read_kubeconfig(text, file);
  if (!config) {
    check(config.error());
    return 0;
  }
  for (const ContextEntry& context : config->contexts) {
    if (context.name.empty()) continue;
    const auto access = resolve(*config, context.name, "KUBECONFIG");
    if (!access) {
      check(access.error());
      continue;
    }
    holds(!access->endpoint.url().empty(), "a context leads somewhere");
    holds(rollcall::printable(access->origin) == access->origin,
          "where it comes from can be shown");
  }
  return 0;
}
