// The common fixture of the live tests of Podman: a service, a watch, and the final checks.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/podman.hpp"
#include "support/watch_fold.hpp"

namespace rollcall::support {

/// A test of a watch. At its end the fold equals the engine's own list, every event was lawful, and
/// the watch ends within a second of its cancellation.
class PodmanLive : public ::testing::Test {
 protected:
  void SetUp() override { start({}); }
  void TearDown() override;

  /// Starts a service and a watch of it.
  void start(Podman::Options options);
  void start_watch(BackendOptions options = {});

  /// Waits until the fold equals the engine's own list.
  void expect_agreement();

  [[nodiscard]] Podman& engine() { return *engine_; }
  [[nodiscard]] const DockerApi& api() const { return engine_->api(); }
  [[nodiscard]] WatchFold& watched() { return *watched_; }

  /// Waits until the instance is reported in a state that fulfils the condition.
  bool becomes(const std::string& id, const std::function<bool(const Instance&)>& condition);
  bool starts(const std::string& id);
  bool stops(const std::string& id);
  /// Waits until that many events of the type were reported.
  bool counts(std::string_view type, std::size_t count);

 private:
  std::optional<Podman> engine_;
  std::optional<WatchFold> watched_;
};

}  // namespace rollcall::support
