#include "engine/event_queue.hpp"

#include <type_traits>

namespace rollcall {
namespace {

const InstancePtr& instance_of(const std::variant<Started, Updated>& put) {
  return std::visit([](const auto& event) -> const InstancePtr& { return event.instance; }, put);
}

}  // namespace

CollapsingQueue::Pending& CollapsingQueue::pending_for(const InstanceKey& key, InstancePtr told) {
  auto [at, inserted] = instances_.try_emplace(key);
  if (inserted) {
    at->second = order_.insert(order_.end(), Pending{key, std::move(told), {}, {}});
  }
  return std::get<Pending>(*at->second);
}

void CollapsingQueue::erase(const InstanceKey& key) {
  const auto at = instances_.find(key);
  order_.erase(at->second);
  instances_.erase(at);
}

void CollapsingQueue::to_back(const InstanceKey& key) {
  order_.splice(order_.end(), order_, instances_.find(key)->second);
}

void CollapsingQueue::push_put(InstancePtr instance, Cause cause, bool started, InstancePtr told) {
  const InstanceKey key = instance->key;
  Pending& pending = pending_for(key, std::move(told));
  if (!pending.put) {
    if (started || pending.stopped) {
      pending.put = Started{std::move(instance), cause};
    } else {
      pending.put = Updated{std::move(instance), cause};
    }
    return;
  }
  // A name that moved from one instance to another must not arrive before the other's end.
  if (instance_of(*pending.put)->name != instance->name) to_back(key);
  if (auto* first = std::get_if<Started>(&*pending.put)) {
    first->instance = std::move(instance);
  } else if (pending.told && same_content(*pending.told, *instance)) {
    erase(key);
  } else {
    pending.put = Updated{std::move(instance), cause};
  }
}

void CollapsingQueue::push_stopped(Stopped stopped) {
  const InstanceKey key = stopped.last->key;
  Pending& pending = pending_for(key, stopped.last);
  if (pending.stopped) {
    pending.put.reset();  // Stopped+Started+Stopped: the run between was never told
  } else if (pending.put && std::holds_alternative<Started>(*pending.put)) {
    erase(key);
  } else {
    pending.put.reset();
    stopped.last = pending.told;
    stopped.name = pending.told->name;
    pending.stopped = std::move(stopped);
  }
}

template <class Opposite, class Event>
void CollapsingQueue::push_backend(Event event) {
  auto [at, inserted] = backends_.try_emplace(event.backend);
  if (inserted) {
    at->second = order_.insert(order_.end(), std::move(event));
  } else if (std::holds_alternative<Opposite>(*at->second)) {
    order_.erase(at->second);
    backends_.erase(at);
  }
}

void CollapsingQueue::push(RuntimeEvent event, InstancePtr told) {
  std::visit(
      [&]<class Event>(Event& e) {
        if constexpr (std::is_same_v<Event, BackendDisconnected>) {
          push_backend<BackendReconnected>(std::move(e));
        } else if constexpr (std::is_same_v<Event, BackendReconnected>) {
          push_backend<BackendDisconnected>(std::move(e));
        } else if constexpr (std::is_same_v<Event, Stopped>) {
          push_stopped(std::move(e));
        } else {
          push_put(std::move(e.instance), e.cause, std::is_same_v<Event, Started>, std::move(told));
        }
      },
      event);
}

std::optional<RuntimeEvent> CollapsingQueue::pop_pending(Pending& pending) {
  std::optional<RuntimeEvent> event;
  if (pending.stopped) {
    event = std::move(*pending.stopped);
    pending.stopped.reset();
    pending.told = nullptr;
  } else {
    std::visit([&](auto& put) { event = std::move(put); }, *pending.put);
    pending.put.reset();
  }
  if (!pending.put) {
    const InstanceKey key = pending.key;
    erase(key);
  }
  return event;
}

std::optional<RuntimeEvent> CollapsingQueue::pop() {
  while (!order_.empty()) {
    Entry& front = order_.front();
    if (auto* pending = std::get_if<Pending>(&front)) return pop_pending(*pending);
    Entry entry = std::move(front);
    order_.pop_front();
    if (std::holds_alternative<Marker>(entry)) {
      marker_reached_ = true;
    } else if (auto* lost = std::get_if<BackendDisconnected>(&entry)) {
      backends_.erase(lost->backend);
      return std::move(*lost);
    } else {
      auto& back = std::get<BackendReconnected>(entry);
      backends_.erase(back.backend);
      return std::move(back);
    }
  }
  return std::nullopt;
}

std::vector<std::pair<InstanceKey, InstancePtr>> CollapsingQueue::undelivered() const {
  std::vector<std::pair<InstanceKey, InstancePtr>> all;
  for (const auto& [key, at] : instances_) all.emplace_back(key, std::get<Pending>(*at).told);
  return all;
}

}  // namespace rollcall
