#include "live/docker_live.hpp"

#include <iostream>
#include <utility>

namespace rollcall::support {

using ::testing::IsEmpty;

void DockerLive::start(DockerdOptions options) {
  watched_.reset();
  engine_.reset();
  engine_.emplace(std::move(options));
  start_watch();
}

BackendOptions DockerLive::watch_options() const {
  BackendOptions options;
  options.endpoint = engine_->endpoint();
  return options;
}

void DockerLive::start_watch() {
  watched_.emplace(RuntimeBackendKind::docker, watch_options(), before_watching());
  watched_->watch();
  if (api().ping()) ASSERT_TRUE(watched_->wait_synced()) << transcript(watched_->fold());
}

void DockerLive::TearDown() {
  if (!engine_ || !watched_) return;
  expect_agreement();
  const auto fold = watched_->fold();
  EXPECT_THAT(fold.breaches(), IsEmpty()) << transcript(fold);
  const auto ended = watched_->cancel(std::chrono::seconds(1));
  ASSERT_TRUE(ended.has_value()) << "the watch does not end within a second";
  EXPECT_TRUE(ended->has_value()) << ended->error().describe();
  if (HasFailure()) std::cerr << "dockerd said:\n" << engine_->log();
}

void DockerLive::expect_agreement() {
  const bool agrees = watched_->wait_until([this](const CheckedFold& fold) {
    return !fold.disconnected() && differences(fold.running(), api()).empty();
  });
  if (agrees) return;
  const auto fold = watched_->fold();
  EXPECT_FALSE(fold.disconnected());
  EXPECT_THAT(differences(fold.running(), api()), IsEmpty()) << transcript(fold);
}

void DockerLive::is_reconciled_after_a_kill() {
  const auto before = api().run({.name = "before"});
  ASSERT_TRUE(starts(before));
  engine().kill9();
  ASSERT_TRUE(watched().wait_until([](const CheckedFold& fold) { return fold.disconnected(); }));
  engine().start();
  const auto after = api().run({.name = "after"});
  EXPECT_TRUE(starts(after));
  EXPECT_TRUE(stops(before));
}

bool DockerLive::becomes(const std::string& id,
                         const std::function<bool(const Instance&)>& condition) {
  return watched_->wait_until([&](const CheckedFold& fold) {
    const auto found = fold.running().find(id);
    return found != fold.running().end() && condition(*found->second);
  });
}

bool DockerLive::starts(const std::string& id) {
  return becomes(id, [](const Instance&) { return true; });
}

bool DockerLive::stops(const std::string& id) {
  return watched_->wait_until(
      [&](const CheckedFold& fold) { return !fold.running().contains(id); });
}

}  // namespace rollcall::support
