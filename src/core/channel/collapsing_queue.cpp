#include "core/channel/collapsing_queue.hpp"

#include <iterator>

#include "core/overloaded.hpp"

namespace rollcall {
namespace {

const InstancePtr& instance_of(const std::variant<Started, Updated>& put) {
  return std::visit([](const auto& event) -> const InstancePtr& { return event.instance; }, put);
}

}  // namespace

const InstanceKey& CollapsingQueue::Pending::key() const {
  return told ? told->key : instance_of(*put)->key;
}

void CollapsingQueue::insert(Pending pending) {
  const auto at = order_.insert(order_.end(), std::move(pending));
  try {
    instances_.insert(at);
  } catch (...) {
    order_.erase(at);
    throw;
  }
}

CollapsingQueue::Pending* CollapsingQueue::find(const InstanceKey& key) {
  const auto at = instances_.find(key);
  return at == instances_.end() ? nullptr : &std::get<Pending>(**at);
}

void CollapsingQueue::erase(const InstanceKey& key) {
  const auto at = instances_.find(key);
  const auto entry = *at;
  instances_.erase(at);
  order_.erase(entry);
}

void CollapsingQueue::to_back(const InstanceKey& key) {
  const auto moved = *instances_.find(key);
  auto next = std::next(moved);
  if (next == order_.end()) return;
  order_.splice(order_.end(), order_, moved);
  // A marker or Reconnected says that all before it was sent, so it moves to the back, too.
  while (next != moved) {
    const auto entry = next++;
    const bool tells = std::holds_alternative<BackendReconnected>(*entry) ||
                       std::holds_alternative<Marker>(*entry);
    if (tells) order_.splice(order_.end(), order_, entry);
  }
}

void CollapsingQueue::push_put(InstancePtr instance, Cause cause, bool started, InstancePtr told) {
  const InstanceKey& key = instance->key;
  Pending* pending = find(key);
  if (pending == nullptr) {
    std::variant<Started, Updated> put = Updated{instance, cause};
    if (started) put = Started{instance, cause};
    return insert({.told = std::move(told), .stopped = {}, .put = std::move(put)});
  }
  if (!pending->put) {
    pending->put = Started{std::move(instance), cause};  // after its end
    return;
  }
  // A name that moved from one instance to another must not arrive before the other's end.
  if (instance_of(*pending->put)->name != instance->name) to_back(key);
  if (auto* first = std::get_if<Started>(&*pending->put)) {
    first->instance = std::move(instance);
  } else if (pending->told && same_content(*pending->told, *instance)) {
    erase(key);
  } else {
    pending->put = Updated{std::move(instance), cause};
  }
}

void CollapsingQueue::push_stopped(const Stopped& stopped) {
  const InstanceKey& key = stopped.last->key;
  Pending* pending = find(key);
  if (pending == nullptr) {
    insert({.told = stopped.last, .stopped = stopped.cause, .put = {}});
  } else if (pending->stopped) {
    pending->put.reset();  // Stopped+Started+Stopped: the run between was never sent
  } else if (std::holds_alternative<Started>(*pending->put)) {
    erase(key);
  } else {
    pending->put.reset();
    pending->stopped = stopped.cause;
  }
}

template <class Opposite, class Event>
void CollapsingQueue::push_backend(Event event) {
  Order added;
  Engine engine(event.backend, event.endpoint);
  added.emplace_back(std::move(event));
  const auto [at, inserted] = backends_.try_emplace(std::move(engine), added.begin());
  if (inserted) {
    order_.splice(order_.end(), added);
  } else if (std::holds_alternative<Opposite>(*at->second)) {
    order_.erase(at->second);
    backends_.erase(at);
  }
}

void CollapsingQueue::push(RuntimeEvent event, InstancePtr told) {
  const auto put = [&](auto& e, bool started) {
    push_put(std::move(e.instance), e.cause, started, std::move(told));
  };
  std::visit(Overloaded{
                 [&](Started& e) { put(e, true); },
                 [&](Updated& e) { put(e, false); },
                 [&](const Stopped& e) { push_stopped(e); },
                 [&](BackendDisconnected& e) { push_backend<BackendReconnected>(std::move(e)); },
                 [&](BackendReconnected& e) { push_backend<BackendDisconnected>(std::move(e)); },
             },
             event);
}

std::optional<RuntimeEvent> CollapsingQueue::pop_pending(Pending& pending) {
  if (pending.stopped) {
    const InstancePtr last = pending.told;
    Stopped event{last->key.id, last->name, last, *pending.stopped};
    pending.stopped.reset();
    if (!pending.put) {
      erase(last->key);
    } else {
      pending.told = nullptr;
    }
    return event;
  }
  std::optional<RuntimeEvent> event;
  std::visit([&](const auto& put) { event = put; }, *pending.put);
  const InstancePtr instance = instance_of(*pending.put);
  erase(instance->key);
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
      backends_.erase({lost->backend, lost->endpoint});
      return std::move(*lost);
    } else {
      auto& back = std::get<BackendReconnected>(entry);
      backends_.erase({back.backend, back.endpoint});
      return std::move(back);
    }
  }
  return std::nullopt;
}

std::vector<std::pair<InstanceKey, InstancePtr>> CollapsingQueue::undelivered() const {
  std::vector<std::pair<InstanceKey, InstancePtr>> all;
  for (const auto at : instances_) {
    const auto& pending = std::get<Pending>(*at);
    all.emplace_back(pending.key(), pending.told);
  }
  return all;
}

}  // namespace rollcall
