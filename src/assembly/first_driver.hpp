// A driver for a runtime that may be at several places: uses the first that answers.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/driver.hpp"

namespace rollcall {

/// Tries its drivers in order at each attempt until one connects; that answer sticks.
class FirstDriver final : public Driver {
 public:
  /// `drivers` must not be empty. `name` is the name until one has answered.
  FirstDriver(std::string name, std::vector<std::unique_ptr<Driver>> drivers);

  [[nodiscard]] std::string_view name() const noexcept override;
  [[nodiscard]] std::string_view endpoint() const noexcept override;
  [[nodiscard]] bool local() const noexcept override { return current().local(); }
  [[nodiscard]] Duration resync_period() const noexcept override {
    return current().resync_period();
  }

  /// Errors: the most informative one: that of a place which exists but does not work beats that of
  /// a missing place.
  [[nodiscard]] Task<std::shared_ptr<Session>> connect(Purpose purpose) override;

  /// Waits on the driver that answered, or before that on the first: each retry tries the others,
  /// too.
  [[nodiscard]] boost::asio::awaitable<void> endpoint_changed() override {
    return drivers_[chosen_.value_or(0)]->endpoint_changed();
  }

 private:
  [[nodiscard]] Driver& current() const { return *drivers_[chosen_.value_or(0)]; }

  std::string name_;
  std::vector<std::unique_ptr<Driver>> drivers_;
  std::optional<std::size_t> chosen_;
};

}  // namespace rollcall
