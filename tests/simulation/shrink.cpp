#include "simulation/shrink.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "simulation/simulation.hpp"

namespace rollcall::simulation {
namespace {

using namespace std::chrono_literals;

class Shrinker {
 public:
  Shrinker(Scenario failing, std::size_t most_runs)
      : best_(std::move(failing)), law_(law_of(best_)), runs_left_(most_runs) {}

  Scenario shrink() {
    bool smaller = true;
    while (smaller && runs_left_ > 0) smaller = leave_out_steps() || simplify_steps();
    return best_;
  }

 private:
  bool keep_if_it_fails(Scenario candidate) {
    if (runs_left_ == 0) return false;
    --runs_left_;
    if (law_of(candidate) != law_) return false;
    best_ = std::move(candidate);
    return true;
  }

  /// Halves, quarters, … single steps: delta debugging.
  bool leave_out_steps() {
    bool any = false;
    for (std::size_t size = std::max<std::size_t>(best_.steps.size() / 2, 1); size > 0; size /= 2) {
      for (std::size_t from = 0; from < best_.steps.size();) {
        if (keep_if_it_fails(without(from, size))) {
          any = true;
        } else {
          from += size;
        }
      }
    }
    return any;
  }

  [[nodiscard]] Scenario without(std::size_t from, std::size_t size) const {
    Scenario candidate = best_;
    const std::size_t until = std::min(from + size, best_.steps.size());
    const auto first = candidate.steps.begin();
    candidate.steps.erase(first + static_cast<std::ptrdiff_t>(from),
                          first + static_cast<std::ptrdiff_t>(until));
    return candidate;
  }

  bool simplify_steps() {
    bool any = false;
    for (std::size_t i = 0; i < best_.steps.size(); ++i) {
      for (const Duration after : {Duration(0), Duration(1ms), Duration(1s)}) {
        if (best_.steps[i].after <= after) break;
        Scenario candidate = best_;
        candidate.steps[i].after = after;
        if (!keep_if_it_fails(std::move(candidate))) continue;
        any = true;
        break;
      }
    }
    return any;
  }

  /// The law that breaks, which is the sentence up to its colon; empty if none breaks.
  static std::string law_of(const Scenario& scenario) {
    const std::string sentence = simulate(scenario).broken.value_or("");
    return sentence.substr(0, sentence.find(':'));
  }

  Scenario best_;
  std::string law_;
  std::size_t runs_left_;
};

}  // namespace

Scenario shrink(Scenario failing, std::size_t most_runs) {
  return Shrinker(std::move(failing), most_runs).shrink();
}

}  // namespace rollcall::simulation
