#include "backends/host/look.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "backends/host/decode.hpp"
#include "core/runtimes.hpp"

namespace rollcall::host {
namespace {

using Kind = RuntimeBackendKind;

/// Drops sockets that were closed between the dump and the search for their owners.
Result<void> drop_closed(HostView& view, std::vector<Listener>& listeners) {
  if (std::ranges::none_of(listeners, [](const Listener& it) { return it.owners.empty(); })) {
    return {};
  }
  const auto open = view.sockets(0);
  if (!open) return fail(open.error());
  std::erase_if(listeners, [&](const Listener& it) {
    return it.owners.empty() && !std::binary_search(open->begin(), open->end(), it.socket);
  });
  return {};
}

InstancePtr kept_or_new(const InstancesById& before, Instance instance) {
  const auto at = before.find(instance.key.id);
  if (at != before.end() && same_content(*at->second, instance)) return at->second;
  return std::make_shared<const Instance>(std::move(instance));
}

}  // namespace

Looker::Looker(Eyes eyes) : eyes_(std::move(eyes)), listeners_(eyes_.view) {}

Result<InstancesById> Looker::look() {
  auto seen = listeners_.look();
  if (!seen) return fail(of_this_place(std::move(seen.error())));
  HostNetwork network = eyes_.network();
  std::vector<bool> elsewhere = runtimes_elsewhere();
  if (*seen == seen_ && network == network_ && elsewhere == elsewhere_) return instances_;

  std::vector<Listener> listeners = serving(**seen, network);
  auto dropped = drop_closed(*eyes_.view, listeners);
  if (!dropped) return fail(of_this_place(std::move(dropped.error())));
  InstancesById instances;
  ListBudget budget(eyes_.endpoint, eyes_.limits);
  for (const ListeningGroup& group : grouped(listeners, owners(listeners))) {
    if (shown_elsewhere(owner_of(group))) continue;
    Instance instance = decode(group, network, sight(**seen));
    instance.key.backend = "host";
    instance.key.endpoint = eyes_.endpoint;
    instance.discovered_at = eyes_.env->now();
    auto taken = budget.take(instance);
    if (!taken) return fail(std::move(taken.error()));
    InstancePtr shown = kept_or_new(instances_, std::move(instance));
    instances.emplace(shown->key.id, shown);
  }
  seen_ = *seen;
  network_ = std::move(network);
  elsewhere_ = std::move(elsewhere);
  instances_ = std::move(instances);
  return instances_;
}

RuntimeError Looker::of_this_place(RuntimeError error) const {
  error.endpoint = eyes_.endpoint;
  return error;
}

void Looker::forget() noexcept {
  listeners_.forget();
  seen_ = nullptr;
}

std::string Looker::blind_spot() const {
  if (!seen_ || seen_->unowned == 0) return {};
  return fmt::format("who holds {} of the listening sockets: {}", seen_->unowned,
                     reason_unseen(sight(*seen_)));
}

Sight Looker::sight(const ListenersSeen& seen) const {
  if (seen.unreadable == 0) return Sight::all;
  return eyes_.as_root ? Sight::some_as_root : Sight::some_as_user;
}

std::vector<Listener> Looker::serving(const ListenersSeen& seen, const HostNetwork& network) const {
  std::vector<Listener> all;
  std::ranges::copy_if(seen.listeners, std::back_inserter(all),
                       [&](const Listener& listener) { return serves(listener.socket, network); });
  return all;
}

ProcessesByPid Looker::owners(const std::vector<Listener>& listeners) const {
  ProcessesByPid processes;
  for (const Listener& listener : listeners) {
    for (const pid_t pid : listener.owners) {
      if (processes.contains(pid)) continue;
      if (auto process = eyes_.view->process(pid)) processes.emplace(pid, std::move(*process));
    }
  }
  return processes;
}

bool Looker::shown_elsewhere(const Owner& owner) const {
  if (!owner.runtime || !eyes_.listed_elsewhere) return false;
  // The system has one manager and each user has one; only one of them is listed.
  if (*owner.runtime == Kind::systemd && owner.of_user_manager != eyes_.user_manager) return false;
  return eyes_.listed_elsewhere(*owner.runtime);
}

std::vector<bool> Looker::runtimes_elsewhere() const {
  std::vector<bool> all;
  for (const RuntimeTraits* runtime : runtimes()) {
    if (!runtime->has_instances) continue;
    all.push_back(eyes_.listed_elsewhere && eyes_.listed_elsewhere(runtime->kind));
  }
  return all;
}

std::vector<Change> changes(const InstancesById& before, const InstancesById& now) {
  std::vector<Change> gone;
  std::vector<Change> changed;
  std::vector<Change> began;
  for (const auto& [id, instance] : before) {
    if (!now.contains(id)) gone.emplace_back(Gone{id});
  }
  for (const auto& [id, instance] : now) {
    const auto at = before.find(id);
    if (at == before.end()) began.emplace_back(Upsert{instance});
    if (at != before.end() && at->second != instance) changed.emplace_back(Upsert{instance});
  }
  gone.insert(gone.end(), changed.begin(), changed.end());
  gone.insert(gone.end(), began.begin(), began.end());
  return gone;
}

}  // namespace rollcall::host
