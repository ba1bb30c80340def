// The common fixture of the live tests of Docker: an engine, a watch, and the final checks.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dockerd.hpp"
#include "support/engine_view.hpp"
#include "support/watch_fold.hpp"

namespace rollcall::support {

/// A test of a watch. At its end the fold equals the engine's own list, every event was lawful, and
/// the watch ends within a second of its cancellation with nothing left on its executor.
class DockerLive : public ::testing::Test {
 protected:
  void SetUp() override { start({}); }
  void TearDown() override;

  /// Starts an engine and a watch of it.
  void start(DockerdOptions options);
  void start_watch();

  /// How the watch finds the engine (by default: by its socket), and what its thread does first.
  [[nodiscard]] virtual BackendOptions watch_options() const;
  [[nodiscard]] virtual std::function<void()> before_watching() const {
    return [] {};
  }

  /// Waits until the fold equals the engine's own list.
  void expect_agreement();

  [[nodiscard]] Dockerd& engine() { return *engine_; }
  [[nodiscard]] const Dockerd& engine() const { return *engine_; }
  [[nodiscard]] const DockerApi& api() const { return engine_->api(); }
  [[nodiscard]] WatchFold& watched() { return *watched_; }

  /// Kills the engine under a running container and starts it again; checks that the differences
  /// are reported.
  void is_reconciled_after_a_kill();

  /// Waits until the instance is reported in a state that fulfils the condition.
  bool becomes(const std::string& id, const std::function<bool(const Instance&)>& condition);
  bool starts(const std::string& id);
  bool stops(const std::string& id);

 private:
  std::optional<Dockerd> engine_;
  std::optional<WatchFold> watched_;
};

}  // namespace rollcall::support
