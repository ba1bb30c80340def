// Time that moves only on request, a wall clock that jumps, and random numbers from a seed.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "core/async/env.hpp"
#include "core/async/signal.hpp"
#include "simulation/record.hpp"

namespace rollcall::simulation {

class SimEnv final : public Env {
 public:
  SimEnv(boost::asio::io_context& io, std::uint64_t seed) : io_(io), dice_(seed) {}

  /// Never returns the same time twice, as on a machine.
  [[nodiscard]] Timestamp now() const override {
    return Timestamp(wall_start + jumped_ + elapsed_ + std::chrono::nanoseconds(++looks_));
  }
  [[nodiscard]] Monotonic monotonic() const override { return Monotonic(elapsed_); }
  [[nodiscard]] double random() override { return dice_.fraction(); }

  [[nodiscard]] boost::asio::awaitable<void> sleep_for(Duration duration) override {
    const Sleeper sleeper(*this, duration);
    co_await sleeper.woken->wait();
  }

  /// Calls a function after a delay.
  void call_after(Duration delay, std::function<void()> call) {
    calls_.emplace(elapsed_ + std::max(delay, Duration::zero()), std::move(call));
  }

  /// Sets the wall clock forward or back; monotonic() is not affected.
  void jump(Duration by) { jumped_ += by; }

  /// Runs all that is ready, then moves time on in steps, running what becomes ready at each. False
  /// if something is ready for ever: a busy loop.
  [[nodiscard]] bool advance(Duration duration) {
    const Duration until = elapsed_ + duration;
    bool ended = run_ready();
    while (ended && !calls_.empty() && calls_.begin()->first <= until) {
      elapsed_ = std::max(elapsed_, calls_.begin()->first);
      const auto call = calls_.extract(calls_.begin());
      call.mapped()();
      ended = run_ready();
    }
    elapsed_ = until;
    return ended;
  }

  [[nodiscard]] std::size_t sleepers() const noexcept { return sleepers_; }

 private:
  /// A call of sleep_for(), counted until it ends or is cancelled.
  struct Sleeper {
    Sleeper(SimEnv& e, Duration duration)
        : env(e), woken(std::make_shared<Signal>(e.io_.get_executor())) {
      env.call_after(duration, [weak = std::weak_ptr(woken)] {
        if (const auto sleeping = weak.lock()) sleeping->notify();
      });
      ++env.sleepers_;
    }
    ~Sleeper() { --env.sleepers_; }
    Sleeper(const Sleeper&) = delete;
    Sleeper& operator=(const Sleeper&) = delete;
    Sleeper(Sleeper&&) = delete;
    Sleeper& operator=(Sleeper&&) = delete;

    SimEnv& env;
    std::shared_ptr<Signal> woken;
  };

  bool run_ready() {
    // Generous, and far below what a busy loop takes.
    constexpr std::size_t most_turns = 20'000;
    io_.restart();
    std::size_t turns = 0;
    while (turns < most_turns && io_.poll_one() > 0) ++turns;
    return turns < most_turns;
  }

  static constexpr Duration wall_start = std::chrono::hours(500'000);

  boost::asio::io_context& io_;
  Dice dice_;
  Duration elapsed_{};
  Duration jumped_{};
  mutable std::int64_t looks_ = 0;
  std::size_t sleepers_ = 0;
  std::multimap<Duration, std::function<void()>> calls_;
};

}  // namespace rollcall::simulation
