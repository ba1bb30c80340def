// Time and randomness as a dependency: real in programs, virtual in tests.
#pragma once

#include <chrono>
#include <memory>

#include <boost/asio/awaitable.hpp>
#include <rollcall/instance.hpp>

namespace rollcall {

using Duration = std::chrono::nanoseconds;
using Monotonic = std::chrono::time_point<std::chrono::steady_clock, Duration>;

class Env {
 public:
  virtual ~Env() = default;

  /// The wall clock, for output and for comparison with the engine's clock.
  [[nodiscard]] virtual Timestamp now() const = 0;

  /// A clock that never jumps, for durations.
  [[nodiscard]] virtual Monotonic monotonic() const = 0;

  /// Ends after the duration, or unwinds when cancelled.
  [[nodiscard]] virtual boost::asio::awaitable<void> sleep_for(Duration duration) = 0;

  /// A number from [0, 1).
  [[nodiscard]] virtual double random() = 0;
};

using EnvPtr = std::shared_ptr<Env>;

EnvPtr system_env();

}  // namespace rollcall
