// What the live tests of Podman share: a service, a watch, and the judgement at the end of each
// test.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/podman.hpp"
#include "support/watch_fold.hpp"

namespace rollcall::support {

/// A test of a watch. However it went: in the end the fold equals what the engine says in its own
/// API, every event was lawful, and the watch ends within a second of its cancellation.
class PodmanLive : public ::testing::Test {
 protected:
  void SetUp() override { start({}); }
  void TearDown() override;

  /// Starts a service, and a watch of it.
  void start(Podman::Options options);
  void start_watch(BackendOptions options = {});

  /// Waits until the fold equals what the engine says.
  void expect_agreement();

  [[nodiscard]] Podman& engine() { return *engine_; }
  [[nodiscard]] const DockerApi& api() const { return engine_->api(); }
  [[nodiscard]] WatchFold& watched() { return *watched_; }

  /// Waits until the instance is told so.
  bool becomes(const std::string& id, const std::function<bool(const Instance&)>& condition);
  bool starts(const std::string& id);
  bool stops(const std::string& id);
  /// Waits until so many events of the type were told.
  bool counts(std::string_view type, std::size_t count);

 private:
  std::optional<Podman> engine_;
  std::optional<WatchFold> watched_;
};

}  // namespace rollcall::support
