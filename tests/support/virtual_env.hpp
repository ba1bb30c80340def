// Time that moves only when a test advances it, and random() that always returns `chance`.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <rollcall/instance.hpp>

#include "core/async/env.hpp"
#include "core/async/signal.hpp"

namespace rollcall::test {

class VirtualEnv final : public Env {
 public:
  explicit VirtualEnv(boost::asio::io_context& io) : io_(io) {}

  [[nodiscard]] Timestamp now() const override {
    ticked_ += tick;
    return Timestamp(wall_start + elapsed_ + ticked_);
  }
  [[nodiscard]] Monotonic monotonic() const override { return Monotonic(elapsed_); }
  [[nodiscard]] double random() override { return chance; }

  [[nodiscard]] boost::asio::awaitable<void> sleep_for(Duration duration) override {
    Sleeper sleeper(*this, elapsed_ + duration);
    co_await sleeper.woken.wait();
  }

  /// Runs all that is ready, then moves time on in steps, running what becomes ready at each.
  void advance(Duration duration) {
    const Duration until = elapsed_ + duration;
    io_.restart();
    io_.poll();
    while (!sleepers_.empty() && sleepers_.begin()->first <= until) {
      elapsed_ = std::max(elapsed_, sleepers_.begin()->first);
      sleepers_.begin()->second->woken.notify();
      sleepers_.erase(sleepers_.begin());
      io_.restart();
      io_.poll();
    }
    elapsed_ = until;
  }

  /// The time until the next sleeper wakes; nothing if none sleeps.
  [[nodiscard]] std::optional<Duration> until_next() const {
    if (sleepers_.empty()) return std::nullopt;
    return std::max(Duration::zero(), sleepers_.begin()->first - elapsed_);
  }

  double chance = 0.5;
  Duration tick{};  ///< How far each call of now() moves the wall clock.

 private:
  struct Sleeper {
    Sleeper(VirtualEnv& e, Duration at) : env(e), woken(e.io_.get_executor()) {
      env.sleepers_.emplace(at, this);
    }
    ~Sleeper() {
      std::erase_if(env.sleepers_, [this](const auto& entry) { return entry.second == this; });
    }
    Sleeper(const Sleeper&) = delete;
    Sleeper& operator=(const Sleeper&) = delete;

    VirtualEnv& env;
    Signal woken;
  };

  static constexpr Duration wall_start = std::chrono::hours(500'000);

  boost::asio::io_context& io_;
  Duration elapsed_{};
  mutable Duration ticked_{};
  std::multimap<Duration, Sleeper*> sleepers_;
};

}  // namespace rollcall::test
