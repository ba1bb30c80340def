// Connections whose steps are counted, and one of whose steps fails.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "transport/http/client.hpp"

namespace rollcall::test {

/// Which step fails, counted over all connections, and how. A step is a connect, a write or a read.
struct FaultPlan {
  enum class Failure : std::uint8_t { error, end, timeout };

  std::optional<std::size_t> fail_at{};  ///< Nothing: none fails.
  Failure failure = Failure::error;
  std::size_t steps = 0;  ///< So far.

  /// Counts one more step; returns whether it fails.
  bool next_fails() { return steps++ == fail_at; }

  [[nodiscard]] RuntimeError error() const {
    const bool timeout = failure == Failure::timeout;
    return {.kind = ErrorKind::unavailable,
            .fault = timeout ? ConnectFault::mute : ConnectFault::unreachable,
            .endpoint = "planned",
            .what = timeout ? "no answer" : "the connection broke"};
  }
};
using FaultPlanPtr = std::shared_ptr<FaultPlan>;

class FaultyStream final : public Stream {
 public:
  FaultyStream(StreamPtr inner, FaultPlanPtr plan)
      : inner_(std::move(inner)), plan_(std::move(plan)) {}

  [[nodiscard]] Task<std::size_t> read_some(std::span<char> into, Milliseconds deadline) override {
    if (!plan_->next_fails()) co_return co_await inner_->read_some(into, deadline);
    if (plan_->failure == FaultPlan::Failure::end) co_return std::size_t{0};
    co_return fail(plan_->error());
  }

  [[nodiscard]] Task<void> write(std::string_view data, Milliseconds deadline) override {
    if (plan_->next_fails()) co_return fail(plan_->error());
    co_return co_await inner_->write(data, deadline);
  }

 private:
  StreamPtr inner_;
  FaultPlanPtr plan_;
};

inline Task<StreamPtr> connect_faulty(Connector connect, FaultPlanPtr plan, Milliseconds deadline) {
  if (plan->next_fails()) co_return fail(plan->error());
  auto inner = co_await connect(deadline);
  if (!inner) co_return fail(std::move(inner.error()));
  co_return std::make_unique<FaultyStream>(std::move(*inner), std::move(plan));
}

/// Makes connections by `connect` that fail as planned.
inline Connector faulty(Connector connect, FaultPlanPtr plan) {
  return [connect = std::move(connect), plan = std::move(plan)](Milliseconds deadline) {
    return connect_faulty(connect, plan, deadline);
  };
}

}  // namespace rollcall::test
