#include "engine/task_group.hpp"

#include <exception>
#include <set>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "engine/signal.hpp"

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

  void ended(const Child& child, const std::exception_ptr& error) {
    for (State* group = this; group != nullptr; group = group->outer.get()) {
      group->children.erase(child);
      if (error && !group->failure) group->failure = error;
      group->finished.notify();
    }
  }
};

namespace {

bool is_cancellation(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const boost::system::system_error& e) {
    return e.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

}  // namespace

TaskGroup::TaskGroup(asio::any_io_executor executor)
    : state_(std::make_shared<State>(std::move(executor), nullptr)) {}

TaskGroup TaskGroup::within(const TaskGroup& outer) {
  TaskGroup group(outer.state_->executor);
  group.state_->outer = outer.state_;
  return group;
}

void TaskGroup::spawn(asio::awaitable<void> task) {
  auto child = std::make_shared<asio::cancellation_signal>();
  for (State* group = state_.get(); group != nullptr; group = group->outer.get()) {
    group->children.insert(child);
  }
  auto on_end = [state = state_, child](const std::exception_ptr& error) {
    state->ended(child, error && !is_cancellation(error) ? error : nullptr);
  };
  asio::co_spawn(state_->executor, std::move(task),
                 asio::bind_cancellation_slot(child->slot(), std::move(on_end)));
}

void TaskGroup::cancel() {
  const auto children = state_->children;  // a child may end while the others are told
  for (const auto& child : children) child->emit(asio::cancellation_type::terminal);
}

asio::awaitable<void> TaskGroup::join() {
  while (!state_->children.empty()) co_await state_->finished.wait();
  if (state_->failure) std::rethrow_exception(std::exchange(state_->failure, nullptr));
}

}  // namespace rollcall
