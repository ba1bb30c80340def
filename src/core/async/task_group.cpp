#include "core/async/task_group.hpp"

#include <exception>
#include <set>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include "core/async/signal.hpp"
#include "core/failure.hpp"

namespace rollcall {

namespace asio = boost::asio;

struct TaskGroup::State {
  State(asio::any_io_executor ex, std::shared_ptr<State> out)
      : executor(ex), outer(std::move(out)), finished(ex) {}

  using Child = std::shared_ptr<asio::cancellation_signal>;

  asio::any_io_executor executor;
  std::shared_ptr<State> outer;
  Signal finished;
  std::set<Child> children;
  std::exception_ptr failure;
  FailureHandler handler;

  void enlist(const Child& child) {
    try {
      for (State* group = this; group != nullptr; group = group->outer.get()) {
        group->children.insert(child);
      }
    } catch (...) {
      strike_off(child);
      throw;
    }
  }

  void strike_off(const Child& child) noexcept {
    for (State* group = this; group != nullptr; group = group->outer.get()) {
      group->children.erase(child);
      group->finished.notify();
    }
  }

  void failed(const std::exception_ptr& error) {
    State* group = this;
    while (!group->handler && group->outer) group = group->outer.get();
    if (group->handler) return group->handler(error);
    for (group = this; group != nullptr; group = group->outer.get()) {
      if (!group->failure) group->failure = error;
    }
  }
};

TaskGroup::TaskGroup(asio::any_io_executor executor)
    : state_(std::make_shared<State>(std::move(executor), nullptr)) {}

TaskGroup TaskGroup::within(const TaskGroup& outer) {
  TaskGroup group(outer.state_->executor);
  group.state_->outer = outer.state_;
  return group;
}

void TaskGroup::on_failure(FailureHandler handler) {
  state_->handler = std::move(handler);
}

void TaskGroup::spawn(asio::awaitable<void> task) {
  auto child = std::make_shared<asio::cancellation_signal>();
  state_->enlist(child);
  auto on_end = [state = state_, child](const std::exception_ptr& error) {
    if (error && !is_cancellation(error)) state->failed(error);
    state->strike_off(child);
  };
  try {
    asio::co_spawn(state_->executor, std::move(task),
                   asio::bind_cancellation_slot(child->slot(), std::move(on_end)));
  } catch (...) {
    state_->strike_off(child);
    throw;
  }
}

void TaskGroup::cancel() {
  // Cancelling a child may end it and others at once.
  auto& children = state_->children;
  for (auto at = children.begin(); at != children.end();) {
    const State::Child child = *at;
    child->emit(asio::cancellation_type::terminal);
    at = children.upper_bound(child);
  }
}

asio::awaitable<void> TaskGroup::join() {
  while (!state_->children.empty()) co_await state_->finished.wait();
  if (state_->failure) std::rethrow_exception(std::exchange(state_->failure, nullptr));
}

}  // namespace rollcall
