// The common fixture of the live tests of Kubernetes: one cluster for all, a namespace and a watch
// for each test, and the final checks.
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

/// A test of a watch. At its end the fold equals the API server's list, every event was lawful, and
/// the watch ends within a second of its cancellation.
class KubernetesLive : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// Starts a watch as the user `viewer`, who may read everything, and waits until it is synced.
  void start_watch();
  /// The same with these options, whose kubeconfig may be missing.
  void start_watch(BackendOptions options);
  [[nodiscard]] BackendOptions as(const std::string& user) const;
  /// Starts a watch without waiting: it may never be synced.
  void begin_watch(BackendOptions options);

  /// Waits until the fold equals the server's list.
  void expect_agreement();
  /// Compares only the pods of this namespace; empty: all.
  void judge_by(std::string group) { judged_ = std::move(group); }

  /// One cluster for the whole program; restarted if an earlier test has left it down.
  [[nodiscard]] static KubernetesCluster& cluster();
  [[nodiscard]] static KubernetesApi& api() { return cluster().api(); }
  [[nodiscard]] WatchFold& watched() { return *watched_; }
  /// The namespace of this test.
  [[nodiscard]] const std::string& group() const { return group_; }

  /// Makes a running pod with this label `app`.
  Pod run(const std::string& name, const std::string& app = "web") const;

  [[nodiscard]] std::string history(const Pod& pod) const {
    return watched_->fold().history_of(pod.uid);
  }
  [[nodiscard]] InstancePtr told(const Pod& pod) const;

  /// Waits until the pod is reported in a state that fulfils the condition.
  bool becomes(const Pod& pod, const std::function<bool(const Instance&)>& condition);
  bool starts(const Pod& pod);
  bool stops(const Pod& pod);
  /// Waits until that many events of the type were reported.
  bool counts(std::string_view type, std::size_t count);

  /// Makes a pod after everything so far, and waits until it is reported.
  void pass_a_marker();

 private:
  std::string group_;
  std::string judged_;
  std::optional<WatchFold> watched_;
};

}  // namespace rollcall::support
