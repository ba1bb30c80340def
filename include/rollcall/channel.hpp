// The channel between a watch and its consumer: bounded by instances, not by events.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <rollcall/event.hpp>
#include <rollcall/task.hpp>

namespace rollcall {

class EventQueue;

/// The watch's end of a channel: a cheap handle, taken by value.
///
/// Sending never waits and never fails. While the consumer is behind, events about one instance
/// collapse, so that at most two are kept (contract of a runtime backend, event rule 1). All calls
/// are made on the channel's executor.
class EventSender {
 public:
  explicit EventSender(std::shared_ptr<EventQueue> queue);

  /// Sends an event. `told` is the instance as it was last sent to the consumer; null if never.
  void send(RuntimeEvent event, InstancePtr told = nullptr) const;

  /// Marks that the first list is complete: all that ran has been sent.
  void synced() const;

  /// Whether the consumer has closed the channel.
  [[nodiscard]] bool closed() const;

  /// Completes when the consumer closes the channel.
  [[nodiscard]] boost::asio::awaitable<void> wait_closed() const;

  /// What the consumer was last told of each instance whose events it never took; null for one that
  /// it does not know. For a watch that ends because the channel was closed.
  [[nodiscard]] std::vector<std::pair<InstanceKey, InstancePtr>> undelivered() const;

 private:
  std::shared_ptr<EventQueue> queue_;
  std::shared_ptr<void> alive_;  // shared by all copies; the last one ends the stream
};

/// The consumer's end. One consumer at a time. Destroying it closes the channel.
class EventReceiver {
 public:
  explicit EventReceiver(std::shared_ptr<EventQueue> queue);
  ~EventReceiver();
  EventReceiver(EventReceiver&&) noexcept;
  EventReceiver& operator=(EventReceiver&&) noexcept;
  EventReceiver(const EventReceiver&) = delete;
  EventReceiver& operator=(const EventReceiver&) = delete;

  /// The next event, at once, or nothing.
  [[nodiscard]] std::optional<RuntimeEvent> try_receive();

  /// The next event; waits for one. Nothing when the channel is closed, or when the last sender is
  /// gone and all it sent was taken.
  [[nodiscard]] boost::asio::awaitable<std::optional<RuntimeEvent>> receive();

  /// Completes when there is an event to take, when synced() turns true, or when receive() would
  /// give nothing.
  [[nodiscard]] boost::asio::awaitable<void> wait();

  /// Whether all events of the first list were taken.
  [[nodiscard]] bool synced() const;

  /// Ends the watch that sends. Idempotent.
  void close();

 private:
  std::shared_ptr<EventQueue> queue_;
};

struct EventChannel {
  EventSender sender;
  EventReceiver receiver;
};

EventChannel make_event_channel(boost::asio::any_io_executor executor);

}  // namespace rollcall
