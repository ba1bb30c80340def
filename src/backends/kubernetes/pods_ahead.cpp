#include "backends/kubernetes/pods_ahead.hpp"

#include <system_error>
#include <thread>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace rollcall::kubernetes {
namespace {

constexpr std::size_t batch_size = std::size_t{256} << 10U;

// Two are waiting to be decoded while one is: between them the thread never has to be waked.
constexpr std::size_t most_batches = 3;

}  // namespace

PodsAhead::PodsAhead(boost::asio::any_io_executor executor, std::string endpoint, Timestamp now,
                     Put put)
    : executor_(std::move(executor)),
      put_(std::move(put)),
      done_(std::make_shared<Done>(executor_, most_batches)),
      decoder_(std::move(endpoint)),
      now_(now) {}

PodsAhead::~PodsAhead() = default;

std::span<char> PodsAhead::room() {
  room_.resize(batch_size);
  return std::span(room_).subspan(filled_);
}

Task<void> PodsAhead::take(std::size_t size) {
  filled_ += size;
  if (filled_ < room_.size()) co_return Result<void>();
  start_thread();
  hand_on();
  if (thread_ && batches_.size() < most_batches) co_return Result<void>();
  co_return co_await put_oldest();
}

Task<ListHead> PodsAhead::finish() {
  room_.resize(filled_);
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
    thread_.reset();  // a process that may not have another one does without
  }
}

void PodsAhead::hand_on() {
  Batch& batch = batches_.emplace_back(std::move(room_), std::move(memory_));
  filled_ = 0;
  batch.elsewhere = thread_.has_value();
  if (!batch.elsewhere) return decode(batch);
  boost::asio::post(*thread_, [this, &batch, executor = executor_, done = done_] {
    try {
      decode(batch);
    } catch (...) {
      batch.thrown = std::current_exception();
    }
    boost::asio::post(executor, [done] { done->try_send(boost::system::error_code()); });
  });
}

void PodsAhead::decode(Batch& batch) {
  batch.outcome = splitter_.feed(batch.bytes, [this, &batch](std::string_view item) {
    auto pod = decoder_.pod(item, now_, [](const Meta&) { return false; });
    if (!pod) return Result<void>(fail(std::move(pod.error())));
    batch.pods.push_back(std::move(*pod));
    return Result<void>();
  });
}

/// Waits until the oldest batch is decoded, and puts its pods.
Task<void> PodsAhead::put_oldest() {
  if (batches_.front().elsewhere) co_await done_->async_receive(boost::asio::use_awaitable);
  Batch batch = std::move(batches_.front());
  batches_.pop_front();
  if (batch.thrown) std::rethrow_exception(batch.thrown);
  if (!batch.outcome) co_return fail(std::move(batch.outcome.error()));
  for (Pod& pod : batch.pods) put_(std::move(pod));
  if (room_.empty()) room_ = std::move(batch.bytes);
  batch.pods.clear();
  memory_ = std::move(batch.pods);
  co_return Result<void>();
}

}  // namespace rollcall::kubernetes
