#include "live/kubernetes_live.hpp"

#include <iostream>
#include <utility>

#include <fmt/format.h>
#include <rollcall/options/kubernetes.hpp>

namespace rollcall::support {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

KubernetesCluster& KubernetesLive::cluster() {
  static KubernetesCluster one;
  static const bool read = [] {
    one.allow("viewer", reading_rules());
    return true;
  }();
  static_cast<void>(read);
  return one;
}

void KubernetesLive::SetUp() {
  if (!cluster().answers()) cluster().start();
  static int number = 0;
  group_ = fmt::format("test-{}", ++number);
  api().create_group(group_);
}

BackendOptions KubernetesLive::as(const std::string& user) const {
  BackendOptions options;
  options.of<KubernetesOptions>().kubeconfig = cluster().kubeconfig_of(user, group_);
  return options;
}

void KubernetesLive::start_watch() {
  start_watch(as("viewer"));
}

void KubernetesLive::start_watch(BackendOptions options) {
  begin_watch(std::move(options));
  ASSERT_TRUE(watched_->wait_synced()) << transcript(watched_->fold());
}

void KubernetesLive::begin_watch(BackendOptions options) {
  watched_.reset();
  watched_.emplace(RuntimeBackendKind::kubernetes, std::move(options),
                   [] { cluster().room().join_network(); });
  watched_->watch();
}

void KubernetesLive::TearDown() {
  if (watched_) {
    expect_agreement();
    const auto fold = watched_->fold();
    EXPECT_THAT(fold.breaches(), IsEmpty());
    const auto ended = watched_->cancel(1s);
    EXPECT_TRUE(ended.has_value()) << "the watch does not end within a second";
    if (ended) {
      EXPECT_TRUE(ended->has_value()) << ended->error().describe();
    }
    if (HasFailure()) std::cerr << transcript(fold).substr(0, 20000);
  }
  api().remove_all_pods(group_);
}

void KubernetesLive::expect_agreement() {
  const bool agrees = watched_->wait_until(
      [this](const CheckedFold& fold) {
        return !fold.disconnected() &&
               kubernetes_differences(fold.running(), api(), judged_).empty();
      },
      60s);
  if (agrees) return;
  const auto fold = watched_->fold();
  EXPECT_FALSE(fold.disconnected());
  EXPECT_THAT(kubernetes_differences(fold.running(), api(), judged_), IsEmpty());
}

Pod KubernetesLive::run(const std::string& name, const std::string& app) const {
  static unsigned last = 0;
  ++last;
  return api().run({.name = name, .group = group_, .labels = {{"app", app}}},
                   fmt::format("10.9.{}.{}", last / 250, last % 250 + 1));
}

InstancePtr KubernetesLive::told(const Pod& pod) const {
  const auto fold = watched_->fold();
  const auto found = fold.running().find(pod.uid);
  return found == fold.running().end() ? nullptr : found->second;
}

bool KubernetesLive::becomes(const Pod& pod,
                             const std::function<bool(const Instance&)>& condition) {
  return watched_->wait_until([&](const CheckedFold& fold) {
    const auto found = fold.running().find(pod.uid);
    return found != fold.running().end() && condition(*found->second);
  });
}

bool KubernetesLive::starts(const Pod& pod) {
  return becomes(pod, [](const Instance&) { return true; });
}

bool KubernetesLive::stops(const Pod& pod) {
  return watched_->wait_until(
      [&](const CheckedFold& fold) { return !fold.running().contains(pod.uid); });
}

bool KubernetesLive::counts(std::string_view type, std::size_t count) {
  return watched_->wait_until([&](const CheckedFold& fold) { return fold.count(type) == count; },
                              90s);
}

void KubernetesLive::pass_a_marker() {
  const Pod marker = run("marker");
  ASSERT_TRUE(starts(marker));
  api().remove(marker);
  ASSERT_TRUE(stops(marker));
}

}  // namespace rollcall::support
