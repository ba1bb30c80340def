// What becomes of the bytes of a list while they arrive.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include <rollcall/task.hpp>

#include "backends/kubernetes/list_splitter.hpp"

namespace rollcall::kubernetes {

/// Takes one list after the other. Owned by the coroutine that reads them.
class ListTaker {
 public:
  ListTaker() = default;
  ListTaker(const ListTaker&) = delete;
  ListTaker& operator=(const ListTaker&) = delete;
  virtual ~ListTaker() = default;

  /// Where the next bytes are to be put; never empty.
  [[nodiscard]] virtual std::span<char> room() = 0;

  /// So many bytes have been put there. Errors: protocol, for what is no list, or no item of one.
  [[nodiscard]] virtual Task<void> take(std::size_t size) = 0;

  /// The list is at its end, and all items are taken. What comes then is another list.
  [[nodiscard]] virtual Task<ListHead> finish() = 0;
};

/// Hands on each item as soon as it is there.
class ItemTaker final : public ListTaker {
 public:
  using Sink = JsonSplitter::Sink;
  explicit ItemTaker(Sink sink) : sink_(std::move(sink)) {}

  [[nodiscard]] std::span<char> room() override { return bytes_; }
  [[nodiscard]] Task<void> take(std::size_t size) override {
    co_return splitter_.feed({bytes_.data(), size}, sink_);
  }
  [[nodiscard]] Task<ListHead> finish() override {
    co_return std::exchange(splitter_, ListSplitter()).finish();
  }

 private:
  static constexpr std::size_t chunk = std::size_t{64} << 10U;

  Sink sink_;
  ListSplitter splitter_;
  std::string bytes_ = std::string(chunk, '\0');
};

}  // namespace rollcall::kubernetes
