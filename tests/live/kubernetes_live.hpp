// What the live tests of Kubernetes share: one cluster for all of them, a namespace and a watch for
// each, and the judgement at the end.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/kubernetes_cluster.hpp"
#include "support/watch_fold.hpp"

namespace rollcall::support {

/// A test of a watch. However it went: in the end the fold equals what the API server lists, every
/// event was lawful, and the watch ends within a second of its cancellation.
class KubernetesLive : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// A watch as `viewer`, who may read all.
  void start_watch();
  /// With these options, whose kubeconfig may be missing.
  void start_watch(BackendOptions options);
  [[nodiscard]] BackendOptions as(const std::string& user) const;
  /// The same, before it has told anything: it may never be synced.
  void begin_watch(BackendOptions options);

  /// Waits until the fold equals what the server lists.
  void expect_agreement();
  /// Only the pods of this namespace are compared; empty: all.
  void judge_by(std::string group) { judged_ = std::move(group); }

  /// One for the whole program; it is started anew if an earlier test has left it down.
  [[nodiscard]] static KubernetesCluster& cluster();
  [[nodiscard]] static KubernetesApi& api() { return cluster().api(); }
  [[nodiscard]] WatchFold& watched() { return *watched_; }
  /// The namespace of this test.
  [[nodiscard]] const std::string& group() const { return group_; }

  /// A pod that runs there, labelled with its application.
  Pod run(const std::string& name, const std::string& app = "web") const;

  [[nodiscard]] std::string history(const Pod& pod) const {
    return watched_->fold().history_of(pod.uid);
  }
  [[nodiscard]] InstancePtr told(const Pod& pod) const;

  /// Waits until the pod is told so.
  bool becomes(const Pod& pod, const std::function<bool(const Instance&)>& condition);
  bool starts(const Pod& pod);
  bool stops(const Pod& pod);
  /// Waits until so many events of the type were told.
  bool counts(std::string_view type, std::size_t count);

  /// Waits for a pod that comes after all before it.
  void pass_a_marker();

 private:
  std::string group_;
  std::string judged_;
  std::optional<WatchFold> watched_;
};

}  // namespace rollcall::support
