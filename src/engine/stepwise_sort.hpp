// Sorting in small steps, so that others have their turn.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <utility>
#include <vector>

namespace rollcall {

/// A merge sort in steps.
template <class Value>
class StepwiseSort {
 public:
  using Less = std::function<bool(const Value&, const Value&)>;

  /// Lifetime: the values must outlive it, and must not be changed by others.
  StepwiseSort(std::vector<Value>& values, Less less) : values_(&values), less_(std::move(less)) {}

  /// Does a little; true once all is sorted.
  [[nodiscard]] bool step() {
    if (run_ == 0) {
      run_ = first_run;
      // Lists mostly come in order.
      sorted_ = std::ranges::is_sorted(*values_, less_);
      return sorted_;
    }
    if (sorted_) return true;
    if (!merges_) {
      std::ranges::sort(at(from_), at(from_ + run_), less_);
    } else {
      merge(at(from_), at(from_ + run_ / 2), at(from_ + run_));
    }
    from_ += run_;
    if (from_ < values_->size()) return false;
    sorted_ = run_ >= values_->size();
    from_ = 0;
    merges_ = true;
    run_ *= 2;
    return sorted_;
  }

 private:
  static constexpr std::size_t first_run = 512;

  [[nodiscard]] auto at(std::size_t index) const {
    return values_->begin() + static_cast<std::ptrdiff_t>(std::min(index, values_->size()));
  }

  template <class Iterator>
  void merge(Iterator first, Iterator middle, Iterator last) {
    spare_.clear();
    const auto moved = [](Iterator it) { return std::make_move_iterator(it); };
    std::merge(moved(first), moved(middle), moved(middle), moved(last), std::back_inserter(spare_),
               less_);
    std::ranges::move(spare_, first);
  }

  std::vector<Value>* values_;
  std::vector<Value> spare_;
  Less less_;
  std::size_t run_ = 0;  // length of the sorted runs, which begin at its multiples
  std::size_t from_ = 0;
  bool merges_ = false;
  bool sorted_ = false;
};

}  // namespace rollcall
