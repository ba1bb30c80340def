#include "live/podman_live.hpp"

#include <iostream>

namespace rollcall::support {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

void PodmanLive::start(Podman::Options options) {
  watched_.reset();
  engine_.reset();
  engine_.emplace(options);
  start_watch();
}

void PodmanLive::start_watch(BackendOptions options) {
  watched_.reset();
  options.endpoint = engine_->endpoint();
  watched_.emplace(RuntimeBackendKind::podman, std::move(options));
  watched_->watch();
  if (api().ping()) ASSERT_TRUE(watched_->wait_synced()) << transcript(watched_->fold());
}

void PodmanLive::TearDown() {
  if (!engine_ || !watched_) return;
  expect_agreement();
  const auto fold = watched_->fold();
  EXPECT_THAT(fold.breaches(), IsEmpty()) << transcript(fold);
  const auto ended = watched_->cancel(1s);
  ASSERT_TRUE(ended.has_value()) << "the watch does not end within a second";
  EXPECT_TRUE(ended->has_value()) << ended->error().describe();
  if (HasFailure()) std::cerr << "podman said:\n" << engine_->log();
}

void PodmanLive::expect_agreement() {
  const bool agrees = watched_->wait_until(
      [this](const CheckedFold& fold) {
        return !fold.disconnected() && podman_differences(fold.running(), api()).empty();
      },
      60s);
  if (agrees) return;
  const auto fold = watched_->fold();
  EXPECT_FALSE(fold.disconnected());
  EXPECT_THAT(podman_differences(fold.running(), api()), IsEmpty()) << transcript(fold);
}

bool PodmanLive::becomes(const std::string& id,
                         const std::function<bool(const Instance&)>& condition) {
  return watched_->wait_until([&](const CheckedFold& fold) {
    const auto found = fold.running().find(id);
    return found != fold.running().end() && condition(*found->second);
  });
}

bool PodmanLive::starts(const std::string& id) {
  return becomes(id, [](const Instance&) { return true; });
}

bool PodmanLive::stops(const std::string& id) {
  return watched_->wait_until(
      [&](const CheckedFold& fold) { return !fold.running().contains(id); });
}

bool PodmanLive::counts(std::string_view type, std::size_t count) {
  return watched_->wait_until([&](const CheckedFold& fold) { return fold.count(type) == count; },
                              60s);
}

}  // namespace rollcall::support
