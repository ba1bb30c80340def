#include "backends/podman/dialect.hpp"

#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "backends/podman/libpod_item.hpp"

namespace rollcall::podman {
namespace {

using docker_api::Api;
using docker_api::Containers;

// It tells the end of a run as "die", and its filter of 4.3 knows it as "died" alone; later ones
// know both.
constexpr std::string_view event_filters =
    R"({"type":["container","network"],"event":["start","restore","died","remove","stop",)"
    R"("cleanup","pause","unpause","rename","update","health_status","connect",)"
    R"("disconnect"]})";

class PodmanDialect final : public docker_api::Dialect {
 public:
  PodmanDialect(Duration poll_period, Logger log)
      : Dialect({.name = "podman",
                 .product = "Podman",
                 .event_filters = event_filters,
                 .hides_paused = true,
                 .lists_late = false,
                 .poll_period = poll_period}),
        log_(std::move(log)) {}

  [[nodiscard]] Task<void> complete(Api& api, const std::vector<std::string>& ids,
                                    Containers& containers) override;

 private:
  [[nodiscard]] Task<std::optional<NetworkUse>> network_use(Api& api, std::string id);
  [[nodiscard]] Task<std::optional<NetworkUse>> inspected(Api& api, std::string id);

  Logger log_;
  bool refused_ = false;
  std::map<std::string, NetworkUse>
      uses_;  // of those without a network of their own, by id, as inspected
};

Task<void> PodmanDialect::complete(Api& api, const std::vector<std::string>& ids,
                                   Containers& containers) {
  if (containers.empty()) co_return Result<void>();
  LibpodDecoder decoder;
  std::set<std::string> untold;
  std::set<std::string> without_network;
  for (auto& [id, container] : containers) untold.insert(id);
  Api::Sink sink = [&](std::string_view item) -> Result<void> {
    auto told = decoder.decode(item);
    const auto at = told ? containers.find(told->id) : containers.end();
    if (at == containers.end()) return {};
    untold.erase(told->id);
    const bool joins = !told->has_network && at->second.instance.network_mode == NetworkMode::own;
    merge(at->second, std::move(*told));
    if (joins && in_running_set(at->second.instance)) without_network.insert(at->first);
    return {};
  };
  auto listed = co_await api.libpod_containers(ids, std::move(sink));
  if (!listed) co_return fail(std::move(listed.error()));
  if (!*listed && !std::exchange(refused_, true) && log_) {
    log_(LogLevel::warning,
         fmt::format("{}: Podman's own list is refused, so pods, health and ranges of ports are "
                     "not told; let GET pass on /libpod/containers/json",
                     api.url()));
  }
  if (!*listed) co_return Result<void>();
  for (const std::string& id : untold) containers[id].incomplete = true;
  if (ids.empty()) {
    std::erase_if(uses_, [&](const auto& known) { return !containers.contains(known.first); });
  }
  for (const std::string& id : without_network) {
    auto use = co_await network_use(api, id);
    if (!use) co_return fail(std::move(use.error()));
    containers[id].incomplete = !use->has_value();
    if (*use) use_network(containers[id], **use);
  }
  co_return Result<void>();
}

/// The list does not tell whose network it is. Nothing, if that cannot be told now.
Task<std::optional<NetworkUse>> PodmanDialect::network_use(Api& api, std::string id) {
  auto own = co_await inspected(api, std::move(id));
  if (!own || !*own || (*own)->mode != NetworkMode::joined) co_return own;
  auto of_owner = co_await inspected(api, (*own)->owner);
  // Those of a pod that uses the host's network use the host's.
  const bool hosts = of_owner && *of_owner && (*of_owner)->mode == NetworkMode::host;
  co_return !of_owner || hosts ? std::move(of_owner) : std::move(own);
}

Task<std::optional<NetworkUse>> PodmanDialect::inspected(Api& api, std::string id) {
  if (const auto known = uses_.find(id); known != uses_.end()) co_return known->second;
  auto answer = co_await api.inspect(id);
  if (!answer) co_return fail(std::move(answer.error()));
  std::optional<NetworkUse> use;
  if (*answer) use = read_network_use(**answer);
  if (use) uses_[id] = *use;
  co_return use;
}

}  // namespace

docker_api::DialectPtr make_dialect(Duration poll_period, Logger log) {
  return std::make_unique<PodmanDialect>(poll_period, std::move(log));
}

}  // namespace rollcall::podman
