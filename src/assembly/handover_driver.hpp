// One place at which either of two runtimes may answer.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

#include "core/driver.hpp"

namespace rollcall {

/// Asks the first runtime, and the second one if the first says that this is not its API. The
/// runtime that answered is asked first from then on, until the other takes its place.
class HandoverDriver final : public Driver {
 public:
  HandoverDriver(std::unique_ptr<Driver> first, std::unique_ptr<Driver> second)
      : drivers_{std::move(first), std::move(second)} {}

  [[nodiscard]] std::string_view name() const noexcept override { return current().name(); }
  [[nodiscard]] std::string_view endpoint() const noexcept override { return current().endpoint(); }
  [[nodiscard]] bool local() const noexcept override { return current().local(); }
  [[nodiscard]] Duration resync_period() const noexcept override {
    return current().resync_period();
  }

  /// Errors: those of the runtime that is asked first.
  [[nodiscard]] Task<std::shared_ptr<Session>> connect(Purpose purpose) override;

  [[nodiscard]] boost::asio::awaitable<void> endpoint_changed() override {
    return current().endpoint_changed();
  }

 private:
  [[nodiscard]] Driver& current() const { return *drivers_[chosen_]; }

  std::array<std::unique_ptr<Driver>, 2> drivers_;
  std::size_t chosen_ = 0;
};

}  // namespace rollcall
