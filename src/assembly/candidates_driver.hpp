// A driver that asks several others in turn, because a runtime may be at several places, or several
// runtimes at one place.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/driver.hpp"

namespace rollcall {

/// Tries its candidates at each attempt until one connects.
class CandidatesDriver final : public Driver {
 public:
  /// Several places, in order. The first that answers is used from then on, and no other.
  /// `candidates` must not be empty. `name` is the name until one has answered.
  static std::unique_ptr<Driver> places(std::string name,
                                        std::vector<std::unique_ptr<Driver>> candidates);

  /// Two runtimes at one place. The second is asked if the first says that this is not its API. The
  /// one that answered is asked first from then on, until the other takes its place.
  static std::unique_ptr<Driver> twins(std::unique_ptr<Driver> first,
                                       std::unique_ptr<Driver> second);

  [[nodiscard]] std::string_view name() const noexcept override;
  [[nodiscard]] std::string_view endpoint() const noexcept override;
  [[nodiscard]] bool local() const noexcept override { return current().local(); }
  [[nodiscard]] Duration resync_period() const noexcept override {
    return current().resync_period();
  }

  /// Errors, of several places: the most informative one, as that of a place which exists but does
  /// not work beats that of a missing place. Of two runtimes: that of the one asked first.
  [[nodiscard]] Task<std::shared_ptr<Session>> connect(Purpose purpose) override;

  /// Waits on the candidate that answered, or before that on the first: each retry tries the
  /// others, too.
  [[nodiscard]] boost::asio::awaitable<void> endpoint_changed() override {
    return current().endpoint_changed();
  }

 private:
  CandidatesDriver(std::string name, bool one_place,
                   std::vector<std::unique_ptr<Driver>> candidates);

  [[nodiscard]] Driver& current() const { return *candidates_[current_]; }
  [[nodiscard]] Task<std::shared_ptr<Session>> connect_to_any(Purpose purpose);
  [[nodiscard]] Task<std::shared_ptr<Session>> connect_to_either(Purpose purpose);

  std::string name_;
  bool one_place_;
  std::vector<std::unique_ptr<Driver>> candidates_;
  std::size_t current_ = 0;
  bool answered_ = false;  // the current candidate has connected before
};

}  // namespace rollcall
