// Errors as values: every call of the contract returns a Result.
#pragma once

#include <expected>
#include <utility>

#include <rollcall/error.hpp>

namespace rollcall {

/// A value or a RuntimeError. A class of its own, so that dropping one is a warning.
template <class T>
class [[nodiscard]] Result : public std::expected<T, RuntimeError> {
 public:
  using std::expected<T, RuntimeError>::expected;
};

/// Returns an error: `return fail({.kind = ErrorKind::protocol, .what = "…"});`
[[nodiscard]] inline std::unexpected<RuntimeError> fail(RuntimeError error) {
  return std::unexpected<RuntimeError>(std::move(error));
}

}  // namespace rollcall
