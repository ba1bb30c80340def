// Every runtime that Rollcall knows: one line each in registry.cpp.
#pragma once

#include <span>

#include <rollcall/config.hpp>

#include "backends/runtime.hpp"

namespace rollcall {

/// All runtimes; those that `auto` tries come first, in its order.
[[nodiscard]] std::span<const Runtime* const> registered_runtimes() noexcept;

/// The runtime of a kind; null for `auto`.
[[nodiscard]] const Runtime* runtime_of(RuntimeBackendKind kind) noexcept;

}  // namespace rollcall
