// Bounds on what is taken from an engine's list.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include <rollcall/instance.hpp>
#include <rollcall/result.hpp>

#include "core/budgets.hpp"

namespace rollcall {

/// How much an engine may list. Tests lower it.
struct ListLimits {
  std::size_t items = budget::engine_instances;
  std::size_t bytes = budget::engine_instance_bytes;
  std::size_t answer_bytes = budget::list_answer_bytes;
};

/// The budget of one list or one reading, over all its requests.
class ListBudget {
 public:
  explicit ListBudget(std::string endpoint, ListLimits limits = {})
      : endpoint_(std::move(endpoint)), limits_(limits) {}

  /// One more item. Errors: protocol, when there were too many.
  [[nodiscard]] Result<void> take_item();

  /// Adds memory that is kept. Errors: protocol, when the sum is too large.
  [[nodiscard]] Result<void> take_bytes(std::size_t bytes);

  /// Both, of one instance.
  [[nodiscard]] Result<void> take(const Instance& instance);

 private:
  std::string endpoint_;
  ListLimits limits_;
  std::size_t items_ = 0;
  std::size_t bytes_ = 0;
};

/// The budget of one answer, however little of it is kept.
class AnswerBudget {
 public:
  AnswerBudget(std::string endpoint, const ListLimits& limits)
      : endpoint_(std::move(endpoint)), left_(limits.answer_bytes) {}

  /// Adds bytes that have come. Errors: protocol, when there are too many.
  [[nodiscard]] Result<void> take(std::size_t bytes);

 private:
  std::string endpoint_;
  std::size_t left_;
};

}  // namespace rollcall
