#include "assembly/registry.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "backends/docker/runtime.hpp"
#include "backends/host/runtime.hpp"
#include "backends/incus/runtime.hpp"
#include "backends/kubernetes/runtime.hpp"
#include "backends/podman/runtime.hpp"
#include "backends/systemd/runtime.hpp"
#include "core/runtimes.hpp"

namespace rollcall {
namespace {

// clang-format off: one line each
/// To add a runtime, add its folder and a line here. The runtimes that `auto` tries come first, in
/// its order.
constexpr std::array registered = {
    &docker::runtime,
    &podman::runtime,
    &systemd::runtime,
    &incus::runtime,
    &kubernetes::runtime,
    &host::runtime,
};
// clang-format on

constexpr auto traits = [] {
  std::array<const RuntimeTraits*, registered.size()> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = &registered[i]->traits;
  return all;
}();

}  // namespace

std::span<const Runtime* const> registered_runtimes() noexcept {
  return registered;
}

const Runtime* runtime_of(RuntimeBackendKind kind) noexcept {
  const auto* const at = std::ranges::find(
      registered, kind, [](const Runtime* runtime) { return runtime->traits.kind; });
  return at == registered.end() ? nullptr : *at;
}

std::span<const RuntimeTraits* const> runtimes() noexcept {
  return traits;
}

}  // namespace rollcall
