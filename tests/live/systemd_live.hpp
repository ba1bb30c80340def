// The common fixture of the live tests of systemd: a manager, a watch, and the final checks.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/systemd_manager.hpp"
#include "support/watch_fold.hpp"

namespace rollcall::support {

/// A test of a watch. At its end the fold equals what systemctl lists, every event was lawful, and
/// the watch ends within a second of its cancellation with nothing left on its executor.
class SystemdLive : public ::testing::Test {
 protected:
  void TearDown() override;

  /// Starts a manager and a watch of all its units.
  void start(SystemdManager::Kind kind = SystemdManager::Kind::user);
  /// Starts only the manager, for units that must exist before the watch begins.
  void start_manager() { manager_.emplace(); }
  void watch_all() { watch(true); }
  /// Starts a watch of the default view. Its events are only checked to be lawful.
  void watch_the_default_view();

  [[nodiscard]] SystemdManager& manager() { return *manager_; }
  [[nodiscard]] WatchFold& watched() { return *watched_; }

  /// Loads and starts a service that listens on the port.
  void run_server(const std::string& unit, int port, const std::string& more = {});
  /// Writes a service that does nothing, and does not start it.
  void write_sleeper(const std::string& unit, const std::string& more = {});

  void expect_agreement();
  bool becomes(const std::string& id, const std::function<bool(const Instance&)>& condition);
  bool starts(const std::string& id);
  bool stops(const std::string& id);
  bool serves(const std::string& id, int port, PortScope scope = PortScope::host);
  [[nodiscard]] std::string history(const std::string& id) const {
    return watched_->fold().history_of(id);
  }
  /// Makes a change and waits for its event. An earlier change without an event by then has none.
  void pass_a_marker();

 private:
  void watch(bool all_units);
  [[nodiscard]] std::vector<std::string> told() const;

  std::optional<SystemdManager> manager_;
  std::optional<WatchFold> watched_;
  bool sees_all_ = false;
};

}  // namespace rollcall::support
