#include <rollcall/channel.hpp>

#include "core/async/signal.hpp"
#include "core/channel/collapsing_queue.hpp"

namespace rollcall {

namespace asio = boost::asio;

class EventQueue {
 public:
  explicit EventQueue(const asio::any_io_executor& executor)
      : to_consumer(executor), to_sender(executor) {}

  void sender_gone() {
    ended = true;
    to_consumer.notify();
  }

  CollapsingQueue events;
  Signal to_consumer;
  Signal to_sender;
  bool closed = false;  // by the consumer
  bool ended = false;   // the last sender is gone
};

EventSender::EventSender(std::shared_ptr<EventQueue> queue)
    : queue_(std::move(queue)),
      alive_(queue_.get(), [kept = queue_](void*) { kept->sender_gone(); }) {}

void EventSender::send(RuntimeEvent event, InstancePtr told) const {
  if (queue_->closed) return;
  queue_->events.push(std::move(event), std::move(told));
  queue_->to_consumer.notify();
}

void EventSender::synced() const {
  queue_->events.push_marker();
  queue_->to_consumer.notify();
}

bool EventSender::closed() const {
  return queue_->closed;
}

asio::awaitable<void> EventSender::wait_closed() const {
  const auto queue = queue_;
  while (!queue->closed) co_await queue->to_sender.wait();
}

std::vector<std::pair<InstanceKey, InstancePtr>> EventSender::undelivered() const {
  return queue_->events.undelivered();
}

EventReceiver::EventReceiver(std::shared_ptr<EventQueue> queue) : queue_(std::move(queue)) {}
EventReceiver::EventReceiver(EventReceiver&&) noexcept = default;
EventReceiver& EventReceiver::operator=(EventReceiver&& other) noexcept {
  if (queue_ && queue_ != other.queue_) close();
  queue_ = std::move(other.queue_);
  return *this;
}
EventReceiver::~EventReceiver() {
  if (queue_) close();
}

std::optional<RuntimeEvent> EventReceiver::try_receive() {
  return queue_->closed ? std::nullopt : queue_->events.pop();
}

asio::awaitable<void> EventReceiver::wait() {
  const auto queue = queue_;
  while (queue->events.empty() && !queue->closed && !queue->ended) {
    co_await queue->to_consumer.wait();
  }
}

asio::awaitable<std::optional<RuntimeEvent>> EventReceiver::receive() {
  const auto queue = queue_;
  for (;;) {
    if (queue->closed) co_return std::nullopt;
    if (auto event = queue->events.pop()) co_return event;
    if (queue->ended) co_return std::nullopt;
    co_await queue->to_consumer.wait();
  }
}

bool EventReceiver::synced() const {
  return queue_->events.marker_reached();
}

void EventReceiver::close() {
  queue_->closed = true;
  queue_->to_sender.notify();
  queue_->to_consumer.notify();
}

EventChannel make_event_channel(asio::any_io_executor executor) {
  auto queue = std::make_shared<EventQueue>(std::move(executor));
  return {EventSender(queue), EventReceiver(queue)};
}

}  // namespace rollcall
