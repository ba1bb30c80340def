// The routes for status and metrics, and for other tools in their own formats.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/reach/reach.hpp"
#include "documents/koi.hpp"
#include "documents/metrics.hpp"
#include "documents/prometheus_sd.hpp"
#include "documents/status.hpp"
#include "server/api/api.hpp"
#include "server/http/problem.hpp"

namespace rollcall::server {

namespace {

constexpr std::string_view json_type = "application/json";

std::vector<Parameter> target_parameters() {
  std::vector<Parameter> parameters = selection_parameters();
  parameters.push_back({.name = "from",
                        .description = "Where Prometheus is; absent: on this host",
                        .example = "elsewhere",
                        .values = {"this_host", "container_network", "elsewhere"}});
  return parameters;
}

std::optional<Vantage> vantage_of(std::string_view text) {
  for (const Vantage vantage :
       {Vantage::this_host, Vantage::container_network, Vantage::elsewhere}) {
    if (to_string(vantage) == text) return vantage;
  }
  return std::nullopt;
}

}  // namespace

void Api::add_status_routes() {
  constexpr std::string_view group = "Operation";
  add({.path = "/v1/status",
       .name = "getStatus",
       .group = group,
       .summary = "How the server and each runtime stand",
       .description = "Of each its state (connecting, syncing, ready, backing_off, failed), why, "
                      "since when, when it is tried next, and what came of it so far."},
      &Api::status);
  add({.path = "/metrics",
       .name = "getMetrics",
       .group = group,
       .summary = "The same for Prometheus",
       .types = {"text/plain"}},
      &Api::metrics);
  add({.path = "/v1/sd/prometheus",
       .name = "getScrapeTargets",
       .group = group,
       .summary = "What Prometheus may scrape: the answer to its http_sd",
       .description = "The whole list each time. Until every runtime has been listed or has failed "
                      "once, at most 10 s, it is 503, so that Prometheus keeps what it knows; and "
                      "so it is while an engine that was named was never listed, for at most "
                      "wait_for_named.",
       .parameters = target_parameters(),
       .problems = {400, 503}},
      &Api::scrape_targets);
}

void Api::add_koi_routes() {
  constexpr std::string_view group = "As Koi answers";
  add({.path = "/v1/runtime/status",
       .name = "koiStatus",
       .group = group,
       .summary = "What Koi's clients ask first",
       .description = "`complete` is false while it is not known what some engine runs.",
       .types = {json_type}},
      &Api::koi_status);
  add({.path = "/v1/runtime/instances",
       .name = "koiInstances",
       .group = group,
       .summary = "All that runs, in Koi's shape",
       .description = "503 as that of /v1/sd/prometheus: a bare list cannot say what is not known.",
       .types = {json_type},
       .problems = {503}},
      &Api::koi_instances);
}

Standing Api::standing() const {
  return standing_of(hub_, stats_, version_, env_->now(), env_->monotonic() - started_);
}

Reply Api::status(const Question& /*question*/) {
  return text_reply(json_type, status_text(standing()));
}

Reply Api::metrics(const Question& /*question*/) {
  return text_reply(metrics_type, metrics_text(standing()));
}

Reply Api::scrape_targets(const Question& question) {
  const auto selection = Selection::of(question);
  if (!selection) return problem(400, selection.error());
  ScrapeView view;
  if (const auto from = question.target.find("from")) {
    const auto vantage = vantage_of(*from);
    if (!vantage) {
      return problem(400, "from is this_host, container_network or elsewhere");
    }
    view.from = *vantage;
  }
  const std::string_view host = host_in(question.request.header("host"));
  if (!host.empty()) view.host = host;
  if (auto later = put_off()) return std::move(*later);
  return shared_reply(question, view.host, [&](std::size_t) {
    std::vector<InstancePtr> chosen;
    for (const InstancePtr& instance : hub_.view()->instances) {
      if (selection->matches(*instance)) chosen.push_back(instance);
    }
    ScrapeTargets targets = prometheus_targets(chosen, view);
    stats_.targets_left_out = targets.left_out;
    return std::optional(std::move(targets.text));
  });
}

Reply Api::koi_status(const Question& /*question*/) {
  const Standing now = standing();
  return text_reply(json_type, server::koi_status(now.sources, now.instances, now.complete));
}

Reply Api::koi_instances(const Question& question) {
  if (auto later = put_off()) return std::move(*later);
  return shared_reply(question, {}, [&](std::size_t most) {
    return server::koi_instances(hub_.view()->instances, most);
  });
}

}  // namespace rollcall::server
