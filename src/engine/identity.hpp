// The identity of an engine, to tell whether two sources lead to the same one.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <rollcall/task.hpp>

namespace rollcall {

/// Asks a source for the identity of its engine. Asked when another source lists the same
/// instances, and never before; from then on each session answers once.
///
/// Threads: one executor.
class IdentityQuestion {
 public:
  /// Nothing: the engine does not tell.
  using Answer = std::optional<std::string>;

  explicit IdentityQuestion(std::function<void(Answer)> heard) : heard_(std::move(heard)) {}

  void ask() {
    if (std::exchange(asked_, true) || !ask_) return;
    ask_();
  }
  [[nodiscard]] bool asked() const noexcept { return asked_; }

  /// Sets the function that ask() calls to make the present watch find out. Empty: no watch.
  void answered_by(std::function<void()> find_out) { ask_ = std::move(find_out); }

  void answer(Answer identity) const {
    if (heard_) heard_(std::move(identity));
  }

 private:
  std::function<void(Answer)> heard_;
  std::function<void()> ask_;
  bool asked_ = false;
};

using IdentityQuestionPtr = std::shared_ptr<IdentityQuestion>;

}  // namespace rollcall
