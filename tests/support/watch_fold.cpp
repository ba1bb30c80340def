#include "support/watch_fold.hpp"

#include <stdexcept>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

namespace rollcall::support {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds between_looks{10};

BackendOptions at(const std::string& endpoint) {
  BackendOptions options;
  options.endpoint = endpoint;
  return options;
}

std::unique_ptr<RuntimeBackend> make(RuntimeBackendKind kind, BackendOptions options,
                                     const asio::any_io_executor& executor) {
  auto backend = make_backend(kind, std::move(options), executor);
  if (!backend) throw std::runtime_error(backend.error().describe());
  return std::move(*backend);
}

template <class T>
Result<T> await_result(asio::io_context& io, Task<T> task) {
  auto future = asio::co_spawn(io, std::move(task), asio::use_future);
  if (future.wait_for(std::chrono::seconds(60)) != std::future_status::ready) {
    throw std::runtime_error("a call of the backend does not end");
  }
  return future.get();
}

}  // namespace

WatchFold::WatchFold(const std::string& endpoint, RuntimeBackendKind kind)
    : WatchFold(kind, at(endpoint)) {}

WatchFold::WatchFold(RuntimeBackendKind kind, BackendOptions options, std::function<void()> enter)
    : work_(io_.get_executor()),
      backend_(make(kind, std::move(options), io_.get_executor())),
      channel_(make_event_channel(io_.get_executor())),
      thread_([this, enter = std::move(enter)] {
        enter();
        io_.run();
        const std::lock_guard lock(mutex_);
        executor_empty_ = true;
        changed_.notify_all();
      }) {}

WatchFold::~WatchFold() {
  if (!thread_.joinable()) return;
  if (!cancel(std::chrono::seconds(5))) io_.stop();
  if (thread_.joinable()) thread_.join();
}

void WatchFold::watch() {
  asio::post(io_, [this] {
    asio::co_spawn(io_, consume(), asio::detached);
    run_watch();
  });
}

void WatchFold::run_watch() {
  asio::co_spawn(io_, backend_->watch(channel_.sender, stop_.get_token()),
                 [this](const std::exception_ptr& failure, Result<void> result) {
                   if (failure) std::rethrow_exception(failure);
                   channel_.receiver.close();
                   const std::lock_guard lock(mutex_);
                   result_ = std::move(result);
                   changed_.notify_all();
                 });
}

asio::awaitable<void> WatchFold::consume() {
  while (true) {
    while (const auto event = channel_.receiver.try_receive()) {
      const std::lock_guard lock(mutex_);
      fold_.apply(*event);
      changed_.notify_all();
    }
    {
      const std::lock_guard lock(mutex_);
      if (result_) co_return;
      synced_ = channel_.receiver.synced();
      changed_.notify_all();
    }
    co_await channel_.receiver.wait();
  }
}

bool WatchFold::wait_until(const std::function<bool(const CheckedFold&)>& condition,
                           std::chrono::seconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  std::unique_lock lock(mutex_);
  while (!condition(fold_)) {
    if (std::chrono::steady_clock::now() >= end) return false;
    changed_.wait_for(lock, between_looks);
  }
  return true;
}

bool WatchFold::wait_synced(std::chrono::seconds deadline) {
  return wait_until([this](const CheckedFold&) { return synced_; }, deadline);
}

CheckedFold WatchFold::fold() const {
  const std::lock_guard lock(mutex_);
  return fold_;
}

Result<void> WatchFold::connect() {
  return await_result(io_, backend_->connect());
}

Result<std::vector<InstancePtr>> WatchFold::list() {
  return await_result(io_, backend_->list_instances());
}

Result<void> WatchFold::watch_again() {
  return await_result(io_, backend_->watch(channel_.sender, stop_.get_token()));
}

std::optional<Result<void>> WatchFold::cancel(std::chrono::milliseconds deadline) {
  stop_.request_stop();
  work_.reset();
  {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, deadline, [this] { return executor_empty_; })) return std::nullopt;
  }
  thread_.join();
  return result_;
}

}  // namespace rollcall::support
