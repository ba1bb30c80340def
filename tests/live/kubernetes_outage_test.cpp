// A real API server that dies, hangs, loses its state and returns, during a watch.
#include <string>
#include <vector>

#include <fmt/format.h>

#include "live/kubernetes_live.hpp"
#include "support/keeping_relay.hpp"

namespace rollcall::support {
namespace {

using namespace std::chrono_literals;

enum class End : std::uint8_t { killed, frozen_and_killed, terminated };

class KubernetesOutage : public KubernetesLive, public ::testing::WithParamInterface<End> {
 protected:
  static void end_server() {
    if (GetParam() == End::terminated) {
      cluster().terminate();
      // It keeps its watches open for a while, without any events.
      ASSERT_TRUE(cluster().ends(30s));
      return;
    }
    if (GetParam() == End::frozen_and_killed) cluster().freeze();
    cluster().kill9();
  }
};

TEST_P(KubernetesOutage, loses_nothing_and_ends_nothing) {
  start_watch();
  const Pod stays = run("stays");
  const Pod goes = run("goes");
  ASSERT_TRUE(starts(stays) && starts(goes));
  end_server();
  ASSERT_TRUE(counts("backend_disconnected", 1));
  cluster().remove_behind_its_back(goes);
  EXPECT_TRUE(told(goes)) << "it is stale, not stopped";
  cluster().start();
  ASSERT_TRUE(counts("backend_reconnected", 1)) << transcript(watched().fold());
  EXPECT_TRUE(stops(goes));
  const Pod later = run("later");
  EXPECT_TRUE(starts(later));
  EXPECT_EQ(history(stays), "started");
  EXPECT_EQ(history(goes), "started stopped");
}

std::string name_of(const ::testing::TestParamInfo<End>& info) {
  constexpr const char* names[] = {"killed", "frozen_and_killed", "terminated"};
  return names[static_cast<std::size_t>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Each, KubernetesOutage,
                         ::testing::Values(End::killed, End::frozen_and_killed, End::terminated),
                         name_of);

class KubernetesStore : public KubernetesLive {};

TEST_F(KubernetesStore, that_hangs_or_dies_beneath_the_server_costs_nothing) {
  start_watch();
  const Pod before = run("before");
  ASSERT_TRUE(starts(before));
  cluster().freeze_etcd();
  KubernetesApi impatient = cluster().api_of("admin-token");
  EXPECT_THROW(impatient.call("GET", "/api/v1/pods", {}, "application/json", 1s), std::exception);
  EXPECT_TRUE(told(before));
  cluster().thaw_etcd();
  const Pod between = run("between");
  EXPECT_TRUE(starts(between));
  cluster().kill_etcd9();
  cluster().start_etcd();
  ASSERT_TRUE(eventually(30s, [] { return cluster().answers(); }));
  const Pod after = run("after");
  EXPECT_TRUE(starts(after)) << transcript(watched().fold());
  api().remove(before);
  EXPECT_TRUE(stops(before));
}

class KubernetesForgetful : public KubernetesLive {
 protected:
  /// While the server is away, a pod is deleted, and the history before it is lost.
  static void forget(const Pod& goes, bool watch_cache = true) {
    cluster().kill9();
    cluster().remove_behind_its_back(goes);
    cluster().compact();
    cluster().start(watch_cache);
  }
};

class KubernetesPast : public KubernetesForgetful, public ::testing::WithParamInterface<bool> {};

TEST_P(KubernetesPast, that_is_forgotten_is_listed_again) {
  if (!GetParam()) {
    cluster().kill9();
    cluster().start(GetParam());
  }
  start_watch();
  const Pod stays = run("stays");
  const Pod goes = run("goes");
  ASSERT_TRUE(starts(stays) && starts(goes));
  forget(goes, GetParam());
  EXPECT_TRUE(stops(goes)) << transcript(watched().fold());
  const Pod later = run("later");
  EXPECT_TRUE(starts(later));
  expect_agreement();
  EXPECT_EQ(history(stays), "started");
  if (GetParam()) return;
  cluster().kill9();
  cluster().start();
}

INSTANTIATE_TEST_SUITE_P(Each, KubernetesPast, ::testing::Bool(), [](const auto& info) {
  return info.param ? "by_its_cache" : "by_its_store";
});

class KubernetesResumed : public KubernetesForgetful {
 protected:
  [[nodiscard]] static std::string path(const std::string& name) {
    return cluster().room().folder() + "/" + name;
  }

  Process door_ = cluster().proxy("viewer", path("door"));
  KeepingRelay relay_{path("relay"), path("door")};
};

TEST_F(KubernetesResumed, where_the_past_is_forgotten_it_lists_again) {
  BackendOptions options;
  options.endpoint = "unix://" + path("relay");
  start_watch(options);
  const Pod stays = run("stays");
  const Pod goes = run("goes");
  ASSERT_TRUE(starts(stays) && starts(goes));
  forget(goes);
  const Pod later = run("later");
  EXPECT_TRUE(told(goes)) << "its watch has not ended yet";
  EXPECT_EQ(relay_.heard(R"("code":410)"), 0U);
  relay_.end_watches();
  EXPECT_TRUE(starts(later)) << transcript(watched().fold());
  EXPECT_TRUE(stops(goes)) << transcript(watched().fold());
  EXPECT_GE(relay_.heard(R"("code":410)"), 1U);
  EXPECT_EQ(watched().fold().count("backend_disconnected"), 0U);
  EXPECT_EQ(history(stays), "started");
}

}  // namespace
}  // namespace rollcall::support
