// What one product does in its own way, of those that speak the Docker Engine API.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/task.hpp>

#include "backends/docker_api/api.hpp"
#include "backends/docker_api/join.hpp"

namespace rollcall::docker_api {

/// What can be said of a product in a word.
struct Traits {
  std::string_view name;     ///< `InstanceKey::backend`.
  std::string_view product;  ///< As EngineHello tells it.
  /// The `filters` of `/events`, not yet escaped: only what EventDecoder makes something of.
  std::string_view event_filters;
  /// Paused containers are left out of the list unless all are asked for.
  bool hides_paused = false;
  /// The list lags behind the events, until an inspect has waited for the container's lock.
  bool lists_late = false;
  /// How often all is listed, instead of holding the stream of events. Zero: the stream is held.
  Duration poll_period{};
};

/// One of a driver's own; it may remember what never changes about a container.
class Dialect {
 public:
  explicit Dialect(Traits traits) : traits_(traits) {}
  virtual ~Dialect() = default;
  Dialect(const Dialect&) = delete;
  Dialect& operator=(const Dialect&) = delete;

  [[nodiscard]] const Traits& traits() const noexcept { return traits_; }

  /// Adds to the containers what the list does not tell of them. `ids`: those that were asked for,
  /// running or not; empty: all.
  ///
  /// Errors: those of a list. Lifetime: all three must outlive the call.
  [[nodiscard]] virtual Task<void> complete(Api& api, const std::vector<std::string>& ids,
                                            Containers& containers) = 0;

 private:
  Traits traits_;
};

using DialectPtr = std::unique_ptr<Dialect>;

}  // namespace rollcall::docker_api
