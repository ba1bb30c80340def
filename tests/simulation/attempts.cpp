#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "simulation/sim_engine.hpp"

namespace rollcall::simulation {

using namespace std::chrono_literals;

namespace {

struct Delays {
  Duration base, cap, floor;
  std::size_t most_a_minute;  // of attempts after failures, generously
};

// The contract's numbers, repeated here on purpose.
Delays delays_for(bool local) {
  return local ? Delays{.base = 100ms, .cap = 2s, .floor = 10ms, .most_a_minute = 190}
               : Delays{.base = 800ms, .cap = 30s, .floor = 80ms, .most_a_minute = 60};
}

constexpr Duration health = 120s;

}  // namespace

void Attempts::attempt(Monotonic now) {
  over_ = false;
  const auto failed = std::exchange(failed_at_, std::nullopt);
  if (!failed) return;
  const Delays delays = delays_for(local_);
  const Duration waited = now - *failed;
  if (waited < delays.floor && !endpoint_changed_) {
    record_->breach(now, "no busy loop", fmt::format("asked again after {} ns", waited.count()));
  }
  if (waited > delays.cap) {
    record_->breach(now, "backoff has a cap", fmt::format("waited {} ms", waited / 1ms));
  }
  if (std::exchange(healthy_, false) && !denied_ && waited > delays.base) {
    record_->breach(now, "backoff is reset by two minutes of health",
                    fmt::format("waited {} ms", waited / 1ms));
  }
  if (std::exchange(endpoint_changed_, false) || denied_) return;
  recent_.push_back(now);
  while (now - recent_.front() > 60s) recent_.pop_front();
  if (recent_.size() > delays.most_a_minute) {
    record_->breach(now, "no busy loop",
                    fmt::format("{} attempts within a minute", recent_.size()));
  }
}

void Attempts::note_health(Monotonic now) {
  if (connected_at_ && now - *connected_at_ >= health) healthy_ = true;
  connected_at_.reset();
}

void Attempts::failed(Monotonic now, ErrorKind kind) {
  if (std::exchange(over_, true)) return;  // a session that was being dropped already
  note_health(now);
  denied_ = kind == ErrorKind::denied;
  failed_at_ = now;
}

void Attempts::ended_cleanly(Monotonic now) {
  if (over_) return;
  if (connected_at_ && now - *connected_at_ < 1s) return failed(now, ErrorKind::unavailable);
  over_ = true;
  note_health(now);
}

}  // namespace rollcall::simulation
