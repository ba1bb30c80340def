#include "engine/subscription.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "core/async/signal.hpp"

namespace rollcall {

namespace asio = boost::asio;

namespace {

/// Waking so many takes less than a millisecond.
constexpr std::size_t woken_at_once = 64;

}  // namespace

struct Subscription::State {
  State(const std::shared_ptr<LogReaders>& its_readers, Cursor since,
        const asio::any_io_executor& executor)
      : readers(its_readers), at(since), signal(executor) {}
  ~State() { close(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void close() {
    if (std::exchange(closed, true)) return;
    if (const auto its = readers.lock()) its->subscribers_.erase(this);
    signal.notify();
  }

  [[nodiscard]] bool over() const { return closed || readers.expired(); }

  Batch read(std::size_t most, std::size_t most_bytes) {
    const auto its = readers.lock();
    if (closed || !its) return {};
    Batch batch = its->log().after(at, most, most_bytes);
    if (!batch) {
      ++its->lagged_;
      close();
    } else if (!batch->empty()) {
      at.sequence = batch->back()->sequence;
    }
    return batch;
  }

  std::weak_ptr<LogReaders> readers;
  Cursor at;
  Signal signal;
  bool waiting = false;
  bool woken = false;
  bool closed = false;
};

Subscription::Subscription(std::shared_ptr<State> state) : state_(std::move(state)) {}
Subscription::Subscription(Subscription&&) noexcept = default;
Subscription& Subscription::operator=(Subscription&& other) noexcept {
  if (state_ && state_ != other.state_) state_->close();
  state_ = std::move(other.state_);
  return *this;
}
Subscription::~Subscription() {
  if (state_) state_->close();
}

asio::awaitable<Subscription::Batch> Subscription::next(std::size_t most, std::size_t most_bytes) {
  const auto state = state_;
  for (;;) {
    Batch batch = state->read(most, most_bytes);
    const bool woken = std::exchange(state->woken, false);
    if (!batch || !batch->empty() || woken || state->over()) co_return batch;
    state->waiting = true;
    co_await state->signal.wait();
    state->waiting = false;
  }
}

Subscription::Batch Subscription::try_next(std::size_t most) {
  return state_->read(most, SIZE_MAX);
}

Cursor Subscription::cursor() const {
  return state_->at;
}

void Subscription::wake() {
  state_->woken = true;
  state_->signal.notify();
}

bool Subscription::closed() const {
  return state_->over();
}

void Subscription::close() {
  state_->close();
}

LogReaders::LogReaders(asio::any_io_executor executor, ChangeLog log, Duration gather)
    : executor_(std::move(executor)), log_(std::move(log)), gather_(gather), timer_(executor_) {}

void LogReaders::append(RuntimeEvent event, Timestamp at, InstancePtr before) {
  log_.append(std::move(event), at, std::move(before));
  tell_news();
}

void LogReaders::wake() {
  for (Subscription::State* subscriber : subscribers_) subscriber->woken = true;
  tell_news();
}

void LogReaders::tell_news() {
  if (subscribers_.empty()) return;
  news_ = true;
  if (!std::exchange(waking_, true)) begin_round();
}

void LogReaders::begin_round() {
  const auto now = std::chrono::steady_clock::now();
  if (now >= timer_.expiry()) {
    timer_.expires_at(now + gather_);
    return post_wake_after(nullptr);
  }
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self) return;
    self->timer_.expires_after(self->gather_);
    self->wake_after(nullptr);
  });
}

void LogReaders::post_wake_after(Subscription::State* last) {
  asio::post(executor_, [weak = weak_from_this(), last] {
    if (const auto self = weak.lock()) self->wake_after(last);
  });
}

/// Wakes the next subscribers of a round, those after `last` in the set. `last` is only compared,
/// so it may be gone by then.
void LogReaders::wake_after(Subscription::State* last) {
  if (last == nullptr) news_ = false;
  auto at = subscribers_.upper_bound(last);
  for (std::size_t i = 0; i < woken_at_once && at != subscribers_.end(); ++i, ++at) {
    last = *at;
    if (last->waiting) last->signal.notify();
  }
  if (at != subscribers_.end()) return post_wake_after(last);
  waking_ = news_;
  if (news_) begin_round();
}

std::expected<Subscription, LogGap> LogReaders::subscribe(Cursor since) {
  if (auto gap = log_.gap(since)) return std::unexpected(*gap);
  auto state = std::make_shared<Subscription::State>(shared_from_this(), since, executor_);
  state->closed = closed_;
  if (!closed_) subscribers_.insert(state.get());
  return Subscription(std::move(state));
}

void LogReaders::close() {
  closed_ = true;
  timer_.cancel();
  for (Subscription::State* subscriber : std::set(subscribers_)) subscriber->close();
}

LogStatus LogReaders::status() const {
  LogStatus status{.entries = log_.size(),
                   .bytes = log_.bytes(),
                   .subscribers = subscribers_.size(),
                   .lagged = lagged_};
  for (const Subscription::State* subscriber : subscribers_) {
    status.furthest_behind =
        std::max(status.furthest_behind, log_.newest().sequence - subscriber->at.sequence);
  }
  return status;
}

}  // namespace rollcall
