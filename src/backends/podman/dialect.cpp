#include "backends/podman/dialect.hpp"

#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "backends/podman/libpod_item.hpp"
#include "backends/podman/libpod_whole.hpp"
#include "core/async/pace.hpp"

namespace rollcall::podman {
namespace {

using docker_api::Api;

// Podman sends the end of a run as "die", but the filter of 4.3 knows it as "died" only; later
// versions know both.
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
                 .has_own_list = true,
                 .poll_period = poll_period}),
        log_(std::move(log)) {}

  [[nodiscard]] Task<void> complete(Listing listing) override;
  [[nodiscard]] Task<std::optional<std::vector<std::string>>> all_ids(Api& api) override;

 private:
  /// What one list or one reading finds out on its way.
  struct Findings {
    std::set<std::string> untold;            // of which the own list has told nothing
    std::map<std::string, bool> to_inspect;  // and whether for whose network they use
    LibpodDecoder decoder;
    WholeDecoder whole;
    std::optional<ListBudget> budget;
  };

  [[nodiscard]] Result<void> take(std::string_view item, const Listing& listing,
                                  Findings& findings) const;
  [[nodiscard]] Task<docker_api::ListOutcome> ask_own_list(const Listing& listing,
                                                           Findings& findings);
  [[nodiscard]] Task<void> inspect_all(Listing listing, std::map<std::string, bool> ids);
  [[nodiscard]] Task<std::optional<Inspected>> inspected(Api& api, std::string id);
  void tell_of_refusal(const Api& api);

  Logger log_;
  bool refused_ = false;
  std::map<std::string, Inspected> inspected_;  // of those that had to be, by id
};

/// Docker's list fails over a container, and Podman's own tells it.
docker_api::DecodedContainer without_addresses(docker_api::DecodedContainer container,
                                               const RuntimeError& why) {
  add_problem(container.instance, "container",
              fmt::format("Podman fails to list it as Docker does, so its addresses are not "
                          "known: {}",
                          why.what));
  container.incomplete = true;
  return container;
}

Result<void> PodmanDialect::take(std::string_view item, const Listing& listing,
                                 Findings& findings) const {
  auto taken = findings.budget->take_item();
  if (!taken) return taken;
  auto told = findings.decoder.decode(item);
  if (!told) return {};
  auto at = listing.containers.find(told->id);
  const auto failed = listing.failed.find(told->id);
  if (at == listing.containers.end() && failed != listing.failed.end()) {
    auto whole = findings.whole.decode(item);
    if (!whole) return {};
    at = listing.containers.emplace(told->id, without_addresses(std::move(*whole), failed->second))
             .first;
    taken = listing.budget.take(at->second.instance);
    if (!taken) return taken;
  }
  if (at == listing.containers.end()) return {};
  findings.untold.erase(told->id);
  Instance& instance = at->second.instance;
  taken =
      listing.budget.take_bytes((told->ports.size() + told->exposed.size()) * sizeof(PortMapping));
  if (!taken) return taken;
  const bool own = instance.network_mode == NetworkMode::own;
  const bool joins = own && !told->has_network;
  const bool hides_ports = own && !told->tells_exposed;
  merge(at->second, std::move(*told));
  if ((joins || hides_ports) && in_running_set(instance)) {
    findings.to_inspect.emplace(at->first, joins);
  }
  return {};
}

/// A container that Podman's own list fails over must not hide what Docker's tells.
Task<docker_api::ListOutcome> PodmanDialect::ask_own_list(const Listing& listing,
                                                          Findings& findings) {
  const Api::Sink sink = [&](std::string_view item) { return take(item, listing, findings); };
  auto listed = co_await listing.api.libpod_containers(listing.ids, sink);
  if (!listed || !listed->trouble) co_return listed;
  if (!listing.failed.empty()) co_return fail(std::move(*listed->trouble));
  docker_api::AskForIds some = [&](std::vector<std::string> ids) {
    return listing.api.libpod_containers(std::move(ids), sink);
  };
  std::vector<std::string> ids(findings.untold.begin(), findings.untold.end());
  auto failed = co_await docker_api::ask_in_halves(std::move(ids), {}, std::move(some));
  if (!failed) co_return fail(std::move(failed.error()));
  for (const auto& [id, error] : *failed) {
    add_problem(listing.containers.at(id).instance, "container",
                fmt::format("Podman's own list fails over it, so its pod, its health and ranges of "
                            "its ports are not known: {}",
                            error.what));
  }
  co_return docker_api::ListOutcome();
}

void PodmanDialect::tell_of_refusal(const Api& api) {
  if (std::exchange(refused_, true) || !log_) return;
  log_(LogLevel::warning,
       fmt::format("{}: Podman's own list is refused, so pods, health and ranges of ports are "
                   "not told; let GET pass on /libpod/containers/json",
                   api.url()));
}

Task<void> PodmanDialect::complete(Listing listing) {
  if (listing.containers.empty() && listing.failed.empty()) co_return Result<void>();
  Findings findings;
  findings.budget.emplace(listing.api.url(), listing.api.limits());
  Pace pace;
  for (const auto& [id, container] : listing.containers) {
    if (pace.due()) co_await pace.rest();
    findings.untold.insert(findings.untold.end(), id);
  }
  auto listed = co_await ask_own_list(listing, findings);
  if (!listed) co_return fail(std::move(listed.error()));
  if (listed->refused) {
    tell_of_refusal(listing.api);
    if (!listing.failed.empty()) co_return fail(listing.failed.begin()->second);
    co_return Result<void>();
  }
  for (const std::string& id : findings.untold) listing.containers.at(id).incomplete = true;
  if (listing.ids.empty()) {
    std::erase_if(inspected_,
                  [&](const auto& it) { return !listing.containers.contains(it.first); });
  }
  co_return co_await inspect_all(listing, std::move(findings.to_inspect));
}

/// What Podman's own list does not tell: whose network it is, and before 5 what is exposed.
Task<void> PodmanDialect::inspect_all(Listing listing, std::map<std::string, bool> ids) {
  for (const auto& [id, needs_owner] : ids) {
    auto told = co_await inspected(listing.api, id);
    if (!told) co_return fail(std::move(told.error()));
    docker_api::DecodedContainer& container = listing.containers.at(id);
    if (!*told) {
      container.incomplete = container.incomplete || needs_owner;
      continue;
    }
    auto taken = listing.budget.take_bytes((*told)->exposed.size() * sizeof(PortMapping));
    if (!taken) co_return taken;
    if ((*told)->use) use_network(container, *(*told)->use);
    add_exposed(container.instance, (*told)->exposed);
  }
  co_return Result<void>();
}

Task<std::optional<Inspected>> PodmanDialect::inspected(Api& api, std::string id) {
  if (const auto known = inspected_.find(id); known != inspected_.end()) co_return known->second;
  auto answer = co_await api.inspect(id);
  if (!answer) co_return fail(std::move(answer.error()));
  std::optional<Inspected> told;
  if (*answer) told = read_inspect(**answer);
  if (told) inspected_[id] = *told;
  co_return told;
}

Task<std::optional<std::vector<std::string>>> PodmanDialect::all_ids(Api& api) {
  LibpodDecoder decoder;
  ListBudget budget(api.url(), api.limits());
  std::vector<std::string> ids;
  Api::Sink sink = [&](std::string_view item) -> Result<void> {
    auto taken = budget.take_item();
    if (!taken) return taken;
    if (auto told = decoder.decode(item)) ids.push_back(std::move(told->id));
    return {};
  };
  auto listed = co_await api.libpod_containers({}, std::move(sink));
  if (!listed) co_return fail(std::move(listed.error()));
  if (listed->refused || listed->trouble) co_return std::nullopt;
  co_return std::optional(std::move(ids));
}

}  // namespace

docker_api::DialectPtr make_dialect(Duration poll_period, Logger log) {
  return std::make_unique<PodmanDialect>(poll_period, std::move(log));
}

}  // namespace rollcall::podman
