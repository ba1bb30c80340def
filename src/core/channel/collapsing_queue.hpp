// Events on their way to a slow consumer: they collapse, so that memory is bounded by instances.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <rollcall/event.hpp>

namespace rollcall {

/// Keeps at most two events an instance and one a backend. Pure: no clock, no I/O.
///
/// Collapse: Started+Updated = Started(new); Updated+Updated = the last, nothing if it leads back
/// to what the consumer has; Started+Stopped = nothing; Updated+Stopped = Stopped; Stopped+Started
/// = both; an untaken Disconnected+Reconnected, or the reverse, = nothing.
class CollapsingQueue {
 public:
  /// `told` is the instance as it was last sent to the consumer; null if never.
  void push(RuntimeEvent event, InstancePtr told);

  /// Marks a place in the stream: marker_reached() is true once all before it were taken.
  void push_marker() { order_.emplace_back(Marker{}); }

  /// The oldest event, or nothing.
  std::optional<RuntimeEvent> pop();

  /// Whether pop() would give an event, or pass the marker.
  [[nodiscard]] bool empty() const noexcept { return order_.empty(); }

  [[nodiscard]] bool marker_reached() const noexcept { return marker_reached_; }

  /// Each instance with events not taken, as the consumer last got it; null if it never did.
  [[nodiscard]] std::vector<std::pair<InstanceKey, InstancePtr>> undelivered() const;

 private:
  // There is one per listed instance, so it holds pointers only.
  struct Pending {
    InstancePtr told;                                   // what the consumer has
    std::optional<Cause> stopped;                       // the end of `told`
    std::optional<std::variant<Started, Updated>> put;  // after `stopped`, if both

    [[nodiscard]] const InstanceKey& key() const;
  };
  struct Marker {};
  using Entry = std::variant<Pending, BackendDisconnected, BackendReconnected, Marker>;
  using Order = std::list<Entry>;

  struct ByKey {
    using is_transparent = void;
    using At = Order::iterator;
    static const InstanceKey& key(At at) { return std::get<Pending>(*at).key(); }
    bool operator()(At a, At b) const { return key(a) < key(b); }
    bool operator()(At a, const InstanceKey& b) const { return key(a) < b; }
    bool operator()(const InstanceKey& a, At b) const { return a < key(b); }
  };

  void insert(Pending pending);
  Pending* find(const InstanceKey& key);
  void erase(const InstanceKey& key);
  void to_back(const InstanceKey& key);
  void push_put(InstancePtr instance, Cause cause, bool started, InstancePtr told);
  void push_stopped(const Stopped& stopped);
  template <class Opposite, class Event>
  void push_backend(Event event);
  std::optional<RuntimeEvent> pop_pending(Pending& pending);

  Order order_;
  std::set<Order::iterator, ByKey> instances_;
  using Engine = std::pair<std::string, std::string>;  // its backend and its endpoint
  std::map<Engine, Order::iterator> backends_;
  bool marker_reached_ = false;
};

}  // namespace rollcall
