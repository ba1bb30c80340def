// The common fixture of the live tests of Incus and LXD: a server, a watch, and the final checks.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/incus_server.hpp"
#include "support/watch_fold.hpp"

namespace rollcall::support {

/// A test of a watch. At its end the fold equals the server's own list, every event was lawful, and
/// the watch ends within a second of its cancellation.
class IncusLive : public ::testing::Test {
 protected:
  void TearDown() override;

  /// Starts a server and a watch of it.
  void start(IncusServer::Options server = {}, BackendOptions options = {});
  void start_watch(BackendOptions options = {});
  /// Ends the watch and runs the final checks.
  void stop_watch();
  void start_server(IncusServer::Options server = {}) { server_.emplace(server); }

  /// Waits until the fold equals the server's own list.
  void expect_agreement();

  [[nodiscard]] IncusServer& server() { return *server_; }
  [[nodiscard]] WatchFold& watched() { return *watched_; }
  [[nodiscard]] std::string history(const std::string& id) const {
    return watched_->fold().history_of(id);
  }

  /// Waits until the instance is reported in a state that fulfils the condition.
  bool becomes(const std::string& id, const std::function<bool(const Instance&)>& condition);
  bool starts(const std::string& id);
  bool stops(const std::string& id);
  /// Waits until that many events of the type were reported.
  bool counts(std::string_view type, std::size_t count);

 private:
  std::optional<IncusServer> server_;
  std::optional<WatchFold> watched_;
  bool judged_by_project_ = false;
};

}  // namespace rollcall::support
