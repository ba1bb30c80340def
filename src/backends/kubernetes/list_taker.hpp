// Consumes the bytes of a list while they arrive.
#pragma once

#include <string_view>
#include <utility>

#include <rollcall/task.hpp>

#include "backends/kubernetes/list_splitter.hpp"

namespace rollcall::kubernetes {

/// Takes one list after another. Owned by the coroutine that reads them.
class ListTaker {
 public:
  ListTaker() = default;
  ListTaker(const ListTaker&) = delete;
  ListTaker& operator=(const ListTaker&) = delete;
  virtual ~ListTaker() = default;

  /// Takes the next bytes, cut anywhere; they must stay valid until the task is done.
  ///
  /// Errors: protocol, for bytes that are no list, or a malformed item.
  [[nodiscard]] virtual Task<void> take(std::string_view bytes) = 0;

  /// Ends the list, after all its items were taken. The next bytes belong to another list.
  [[nodiscard]] virtual Task<ListHead> finish() = 0;
};

/// Passes on each item as soon as it is complete.
class ItemTaker final : public ListTaker {
 public:
  using Sink = JsonSplitter::Sink;
  explicit ItemTaker(Sink sink) : sink_(std::move(sink)) {}

  [[nodiscard]] Task<void> take(std::string_view bytes) override {
    co_return splitter_.feed(bytes, sink_);
  }
  [[nodiscard]] Task<ListHead> finish() override {
    co_return std::exchange(splitter_, ListSplitter()).finish();
  }

 private:
  Sink sink_;
  ListSplitter splitter_;
};

}  // namespace rollcall::kubernetes
