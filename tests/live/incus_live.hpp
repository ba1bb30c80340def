// What the live tests of Incus and LXD share: a server, a watch, and the judgement at the end of
// each test.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/incus_server.hpp"
#include "support/watch_fold.hpp"

namespace rollcall::support {

/// A test of a watch. However it went: in the end the fold equals what the server says in its own
/// API, every event was lawful, and the watch ends within a second of its cancellation.
class IncusLive : public ::testing::Test {
 protected:
  void TearDown() override;

  /// Starts a server, and a watch of it.
  void start(IncusServer::Options server = {}, BackendOptions options = {});
  void start_watch(BackendOptions options = {});
  /// Judges it. Nothing of it runs any more.
  void stop_watch();
  void start_server(IncusServer::Options server = {}) { server_.emplace(server); }

  /// Waits until the fold equals what the server says.
  void expect_agreement();

  [[nodiscard]] IncusServer& server() { return *server_; }
  [[nodiscard]] WatchFold& watched() { return *watched_; }
  [[nodiscard]] std::string history(const std::string& id) const {
    return watched_->fold().history_of(id);
  }

  /// Waits until the instance is told so.
  bool becomes(const std::string& id, const std::function<bool(const Instance&)>& condition);
  bool starts(const std::string& id);
  bool stops(const std::string& id);
  /// Waits until so many events of the type were told.
  bool counts(std::string_view type, std::size_t count);

 private:
  std::optional<IncusServer> server_;
  std::optional<WatchFold> watched_;
  bool judged_by_project_ = false;
};

}  // namespace rollcall::support
