#include "live/incus_live.hpp"

#include <iostream>
#include <utility>

#include <rollcall/options/incus.hpp>

namespace rollcall::support {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

void IncusLive::start(IncusServer::Options server, BackendOptions options) {
  start_server(server);
  start_watch(std::move(options));
}

void IncusLive::start_watch(BackendOptions options) {
  watched_.reset();
  judged_by_project_ = !options.of<IncusOptions>().projects.empty();
  if (options.endpoint.empty()) options.endpoint = server_->endpoint();
  const bool remote = options.endpoint.starts_with("https://");
  watched_.emplace(RuntimeBackendKind::incus, std::move(options), [this, remote] {
    if (remote) server_->room().join_network();
  });
  watched_->watch();
  ASSERT_TRUE(watched_->wait_synced()) << transcript(watched_->fold());
}

void IncusLive::TearDown() {
  if (server_ && watched_) stop_watch();
}

void IncusLive::stop_watch() {
  if (!judged_by_project_) expect_agreement();
  const auto fold = watched_->fold();
  EXPECT_THAT(fold.breaches(), IsEmpty()) << transcript(fold);
  const auto ended = watched_->cancel(1s);
  ASSERT_TRUE(ended.has_value()) << "the watch does not end within a second";
  EXPECT_TRUE(ended->has_value()) << ended->error().describe();
  watched_.reset();
  if (HasFailure()) std::cerr << server_->family() << " said:\n" << server_->log();
}

void IncusLive::expect_agreement() {
  const bool agrees = watched_->wait_until(
      [this](const CheckedFold& fold) {
        return !fold.disconnected() && incus_differences(fold.running(), *server_).empty();
      },
      60s);
  if (agrees) return;
  const auto fold = watched_->fold();
  EXPECT_FALSE(fold.disconnected());
  EXPECT_THAT(incus_differences(fold.running(), *server_), IsEmpty()) << transcript(fold);
}

bool IncusLive::becomes(const std::string& id,
                        const std::function<bool(const Instance&)>& condition) {
  return watched_->wait_until([&](const CheckedFold& fold) {
    const auto found = fold.running().find(id);
    return found != fold.running().end() && condition(*found->second);
  });
}

bool IncusLive::starts(const std::string& id) {
  return becomes(id, [](const Instance&) { return true; });
}

bool IncusLive::stops(const std::string& id) {
  return watched_->wait_until(
      [&](const CheckedFold& fold) { return !fold.running().contains(id); });
}

bool IncusLive::counts(std::string_view type, std::size_t count) {
  return watched_->wait_until([&](const CheckedFold& fold) { return fold.count(type) == count; },
                              60s);
}

}  // namespace rollcall::support
