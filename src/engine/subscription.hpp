// The readers of the log of changes, each at its own pace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <set>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/async/env.hpp"
#include "engine/change_log.hpp"

namespace rollcall {

/// Reads a log of changes, in order and without a hole, at its own pace.
///
/// An idle subscription costs the log nothing: it only remembers its position. If the log drops
/// changes that it has not read, the next read says so.
///
/// Lifetime: may outlive the log, and is then closed. Threads: those of the log.
class Subscription {
 public:
  struct State;
  explicit Subscription(std::shared_ptr<State> state);
  ~Subscription();  ///< Closes it.
  Subscription(Subscription&&) noexcept;
  Subscription& operator=(Subscription&&) noexcept;
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  /// Changes, or how much was missed.
  using Batch = std::expected<std::vector<LogEntryPtr>, LogGap>;

  /// Up to `most` changes of about `most_bytes`, at once if there are any; else waits for one.
  /// None: it was closed, or wake() was called. One call at a time.
  ///
  /// Errors: the log has dropped changes that were not read yet; the error says how many, and where
  /// the log begins now. The subscription is then closed: list again, and subscribe from the list's
  /// cursor.
  [[nodiscard]] boost::asio::awaitable<Batch> next(std::size_t most = 256,
                                                   std::size_t most_bytes = SIZE_MAX);

  /// The same without waiting.
  [[nodiscard]] Batch try_next(std::size_t most = 256);

  /// The position after the last change that was taken.
  [[nodiscard]] Cursor cursor() const;

  /// Ends a wait in next() with no change: for a heartbeat.
  void wake();

  /// Whether nothing more comes: it was closed, has lagged, or the log is at its end.
  [[nodiscard]] bool closed() const;

  void close();

 private:
  std::shared_ptr<State> state_;
};

/// The state of the log and its readers.
struct LogStatus {
  std::size_t entries = 0;
  std::size_t bytes = 0;
  std::size_t subscribers = 0;
  std::uint64_t furthest_behind = 0;  ///< Changes that the slowest subscriber has not taken.
  std::uint64_t lagged = 0;           ///< Subscribers that have lagged, since the start.
};

/// A log and its readers. A round wakes each reader once for all changes logged since the last
/// round, some readers per turn, so that the watches have their turns however many readers there
/// are. Rounds begin at least `gather` apart.
///
/// Threads: one executor.
class LogReaders : public std::enable_shared_from_this<LogReaders> {
 public:
  LogReaders(boost::asio::any_io_executor executor, ChangeLog log, Duration gather);

  void append(RuntimeEvent event, Timestamp at, InstancePtr before = nullptr);

  /// Errors: the log cannot be read from `since`.
  [[nodiscard]] std::expected<Subscription, LogGap> subscribe(Cursor since);

  /// Ends all waits with no change, as Subscription::wake() does.
  void wake();

  /// Ends all subscriptions. Those that come later are closed at once.
  void close();

  [[nodiscard]] const ChangeLog& log() const noexcept { return log_; }
  [[nodiscard]] LogStatus status() const;

 private:
  friend struct Subscription::State;
  friend class Subscription;

  void tell_news();
  void begin_round();
  void wake_after(Subscription::State* last);
  void post_wake_after(Subscription::State* last);

  boost::asio::any_io_executor executor_;
  ChangeLog log_;
  Duration gather_;
  boost::asio::steady_timer timer_;
  std::set<Subscription::State*> subscribers_;
  std::uint64_t lagged_ = 0;
  bool waking_ = false;  // a round of wake-ups is on its way
  bool news_ = false;    // something was logged since it began
  bool closed_ = false;
};

}  // namespace rollcall
