// A backend that is watched on a thread of its own; its events are folded and checked as they come.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <rollcall/backend.hpp>

#include "support/checked_fold.hpp"

namespace rollcall::support {

/// Runs a backend's calls on a thread, and its events through a CheckedFold.
class WatchFold {
 public:
  /// Makes the backend; watch() starts the watch.
  explicit WatchFold(const std::string& endpoint,
                     RuntimeBackendKind kind = RuntimeBackendKind::docker);
  /// The same with all options; `enter` is called on the thread of the backend, before anything
  /// else.
  WatchFold(RuntimeBackendKind kind, BackendOptions options, std::function<void()> enter = [] {});
  ~WatchFold();  ///< Cancels the watch.
  WatchFold(const WatchFold&) = delete;
  WatchFold& operator=(const WatchFold&) = delete;

  void watch();

  /// Waits until the condition holds for the fold; checks it at each event and every few
  /// milliseconds.
  bool wait_until(const std::function<bool(const CheckedFold&)>& condition,
                  std::chrono::seconds deadline = std::chrono::seconds(30));

  /// Waits until the whole first list was reported.
  bool wait_synced(std::chrono::seconds deadline = std::chrono::seconds(30));

  [[nodiscard]] CheckedFold fold() const;

  /// The backend's own calls; each waits for its end, and throws at the deadline.
  Result<void> connect();
  Result<std::vector<InstancePtr>> list();
  Result<void> watch_again();  ///< A second watch() beside the first.

  /// Cancels the watch and waits until nothing is left on its executor. Returns its result, or
  /// nothing at the deadline.
  std::optional<Result<void>> cancel(std::chrono::milliseconds deadline);

 private:
  boost::asio::awaitable<void> consume();
  void run_watch();

  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::unique_ptr<RuntimeBackend> backend_;
  EventChannel channel_;
  std::stop_source stop_;

  mutable std::mutex mutex_;  // guards the four below
  std::condition_variable changed_;
  CheckedFold fold_;
  bool synced_ = false;
  std::optional<Result<void>> result_;
  bool executor_empty_ = false;

  std::thread thread_;
};

}  // namespace rollcall::support
