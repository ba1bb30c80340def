#include "backends/kubernetes/pods_ahead.hpp"

#include <chrono>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace rollcall::kubernetes {
namespace {

constexpr std::size_t batch_size = std::size_t{256} << 10U;

// One batch is decoded while two wait, so the thread never runs dry.
constexpr std::size_t most_batches = 3;

constexpr int most_attempts = 100;  // To allocate one message.

}  // namespace

PodsAhead::PodsAhead(boost::asio::any_io_executor executor, std::string endpoint, Timestamp now,
                     Put put)
    : executor_(std::move(executor)),
      put_(std::move(put)),
      done_(std::make_shared<Done>(executor_, most_batches)),
      decoder_(std::move(endpoint)),
      now_(now) {}

PodsAhead::~PodsAhead() = default;

Task<void> PodsAhead::take(std::string_view bytes) {
  auto fed = splitter_.feed(bytes, [this](std::string_view item) {
    next_.items += item;
    next_.ends.push_back(next_.items.size());
    return Result<void>();
  });
  if (!fed) co_return fail(std::move(fed.error()));
  if (next_.items.size() < batch_size) co_return Result<void>();
  start_thread();
  hand_on();
  if (thread_ && batches_.size() < most_batches) co_return Result<void>();
  co_return co_await put_oldest();
}

Task<ListHead> PodsAhead::finish() {
  hand_on();
  while (!batches_.empty()) {
    auto put = co_await put_oldest();
    if (!put) co_return fail(std::move(put.error()));
  }
  co_return std::exchange(splitter_, ListSplitter()).finish();
}

void PodsAhead::start_thread() {
  if (thread_ || std::thread::hardware_concurrency() < 2) return;
  try {
    thread_.emplace(1);
  } catch (const std::system_error&) {
    thread_.reset();  // If the process may have no more threads, decode without one.
  }
}

/// Runs in the thread, which must not throw. It retries if memory is short, which delays no one
/// else; if all attempts fail, the reader's deadline ends the wait.
void PodsAhead::tell_done(const boost::asio::any_io_executor& executor,
                          const std::shared_ptr<Done>& done) noexcept {
  using namespace std::chrono_literals;
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    try {
      boost::asio::post(executor, [done] { done->try_send(boost::system::error_code()); });
      return;
    } catch (const std::bad_alloc&) {
      std::this_thread::sleep_for(10ms);
    }
  }
}

void PodsAhead::hand_on() {
  next_.items.reserve(next_.items.size() + JsonSplitter::padding);
  Batch& batch = batches_.emplace_back(std::exchange(next_, {}));
  batch.elsewhere = thread_.has_value();
  if (!batch.elsewhere) return decode(batch);
  boost::asio::post(*thread_, [this, &batch, executor = executor_, done = done_] {
    try {
      decode(batch);
    } catch (...) {
      batch.thrown = std::current_exception();
    }
    tell_done(executor, done);
  });
}

void PodsAhead::decode(Batch& batch) {
  const std::string_view items = batch.items;
  std::size_t from = 0;
  for (const std::size_t end : batch.ends) {
    auto pod =
        decoder_.pod(items.substr(from, end - from), now_, [](const Meta&) { return false; });
    if (!pod) {
      batch.outcome = fail(std::move(pod.error()));
      return;
    }
    batch.pods.push_back(std::move(*pod));
    from = end;
  }
}

/// Waits until the oldest batch is decoded, and passes on its pods.
Task<void> PodsAhead::put_oldest() {
  if (batches_.front().elsewhere) co_await done_->async_receive(boost::asio::use_awaitable);
  Batch batch = std::move(batches_.front());
  batches_.pop_front();
  if (batch.thrown) std::rethrow_exception(batch.thrown);
  if (!batch.outcome) co_return fail(std::move(batch.outcome.error()));
  for (Pod& pod : batch.pods) {
    auto put = put_(std::move(pod));
    if (!put) co_return put;
  }
  if (next_.ends.empty()) {  // Reuse its memory.
    batch.items.clear();
    batch.ends.clear();
    batch.pods.clear();
    next_ = std::move(batch);
  }
  co_return Result<void>();
}

}  // namespace rollcall::kubernetes
