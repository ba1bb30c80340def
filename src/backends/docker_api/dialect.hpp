// The differences between products that speak the Docker Engine API.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/task.hpp>

#include "backends/docker_api/api.hpp"
#include "backends/docker_api/halves.hpp"
#include "backends/docker_api/join.hpp"
#include "core/list_budget.hpp"

namespace rollcall::docker_api {

/// The constant differences of a product.
struct Traits {
  std::string_view name;     ///< `InstanceKey::backend`.
  std::string_view product;  ///< As in EngineHello.
  /// The `filters` of `/events`, not yet escaped: only events that EventDecoder uses.
  std::string_view event_filters;
  /// The list leaves out paused containers unless all are asked for.
  bool hides_paused = false;
  /// The list lags behind the events until an inspect has waited for the container's lock.
  bool lists_late = false;
  /// It has a list of its own besides.
  bool has_own_list = false;
  /// How often all is listed, instead of holding the stream of events. Zero: the stream is held.
  Duration poll_period{};
};

/// Made per driver; it may cache facts about a container that never change.
class Dialect {
 public:
  explicit Dialect(Traits traits) : traits_(traits) {}
  virtual ~Dialect() = default;
  Dialect(const Dialect&) = delete;
  Dialect& operator=(const Dialect&) = delete;

  [[nodiscard]] const Traits& traits() const noexcept { return traits_; }

  /// What one list or one reading is about. Lifetime: must outlive the call.
  struct Listing {
    Api& api;
    const std::vector<std::string>& ids;  ///< That were asked for, running or not; empty: all.
    Containers& containers;
    const Failed& failed;  ///< Which the engine cannot list; none without a list of its own.
    ListBudget& budget;
  };

  /// Adds to the containers what the list does not tell of them, and those that it failed over as
  /// far as they are known, with a problem.
  ///
  /// Errors: those of a list.
  [[nodiscard]] virtual Task<void> complete(Listing listing) = 0;

  /// The ids of all containers, of a list of the product's own. Nothing, if it has no such list, or
  /// that cannot be had.
  [[nodiscard]] virtual Task<std::optional<std::vector<std::string>>> all_ids(Api& api);

 private:
  Traits traits_;
};

inline Task<std::optional<std::vector<std::string>>> Dialect::all_ids(Api& /*api*/) {
  co_return std::nullopt;
}

using DialectPtr = std::unique_ptr<Dialect>;

}  // namespace rollcall::docker_api
