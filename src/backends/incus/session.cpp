#include "backends/incus/session.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "backends/incus/workers.hpp"
#include "core/text/text.hpp"

namespace rollcall::incus {

using namespace std::chrono_literals;

namespace {

constexpr Duration period_without_events = 10s;

// A forced stop freezes its processes for 0.6 s before it ends them, a snapshot for 0.1 s.
constexpr Duration pause_to_trust = 1s;

constexpr std::size_t max_unknown_actions = 32;

// Each stream takes a connection on both sides.
constexpr std::size_t max_streams = 16;

const std::string* id_in(const Change& change) {
  if (const auto* touched = std::get_if<Touched>(&change)) return &touched->id;
  if (const auto* gone = std::get_if<Gone>(&change)) return &gone->id;
  return nullptr;
}

/// The restricted sockets for ordinary users: that of Incus, and that of lxd-user.
bool is_restricted(std::string_view path) {
  return path.ends_with(".user") || path.contains("/lxd-user/");
}

}  // namespace

IncusSession::IncusSession(SetupPtr setup, std::unique_ptr<Api> api, ServerInfo server)
    : setup_(std::move(setup)),
      api_(std::move(api)),
      server_(std::move(server)),
      decoder_(std::string(server_.name), setup_->shown_endpoint) {}

EngineInfo IncusSession::info() const {
  EngineInfo info{.product = std::string(server_.product),
                  .version = server_.version,
                  .api_version = server_.api_version};
  if (!projects_.empty() && setup_->projects.empty()) {
    info.blind_spot = "only the projects that this certificate may read are shown";
  } else if (setup_->endpoint.local() && is_restricted(setup_->endpoint.path)) {
    info.blind_spot = fmt::format(
        "only your own project is shown on this restricted socket; members of {} see all",
        server_.name == "lxd" ? "the group lxd" : "incus-admin");
  }
  return info;
}

Task<void> IncusSession::choose_projects() {
  projects_ = setup_->projects;
  for (const std::string& project : setup_->projects) {
    auto checked = co_await api_->check_project(project);
    if (!checked) co_return fail(std::move(checked.error()));
  }
  // A local socket always allows all projects at once; a certificate may be restricted.
  if (!projects_.empty() || setup_->endpoint.local()) co_return Result<void>();
  auto all = co_await api_->allows_all_projects();
  if (!all) co_return fail(std::move(all.error()));
  if (*all) co_return Result<void>();
  auto names = co_await api_->projects();
  if (!names) co_return fail(std::move(names.error()));
  projects_ = {names->begin(), names->end()};
  if (!projects_.empty()) co_return Result<void>();
  co_return fail({.kind = ErrorKind::denied,
                  .fault = ConnectFault::denied,
                  .endpoint = api_->url(),
                  .what = "the server lets this client read no project",
                  .remedy = "add a project to those of the certificate: "
                            "`incus config trust edit` or `lxc config trust edit`"});
}

/// Returns no streams if they are refused.
Task<std::vector<WebSocketPtr>> IncusSession::open_streams() {
  std::vector<WebSocketPtr> sockets;
  const std::string one = projects_.size() == 1 ? *projects_.begin() : std::string();
  auto events = co_await api_->events(one);
  if (!events) co_return fail(std::move(events.error()));
  if (*events) {
    sockets.push_back(std::move(*events));
    co_return sockets;
  }
  if (projects_.size() < 2 || projects_.size() > max_streams) co_return sockets;
  for (const std::string& project : projects_) {
    auto of_one = co_await api_->events(project);
    if (!of_one) co_return fail(std::move(of_one.error()));
    if (!*of_one) co_return std::vector<WebSocketPtr>();
    sockets.push_back(std::move(*of_one));
  }
  co_return sockets;
}

Task<void> IncusSession::open_events() {
  auto sockets = co_await open_streams();
  if (!sockets) co_return fail(std::move(sockets.error()));
  if (!sockets->empty()) {
    const auto executor = co_await boost::asio::this_coro::executor;
    events_ = std::make_unique<EventStreams>(executor, std::move(*sockets));
    co_return Result<void>();
  }
  const std::string_view why = projects_.size() > max_streams
                                   ? "events of so many projects at once are refused"
                                   : "events are refused";
  setup_->warn(fmt::format("{}: {}, so instances are listed every {} s instead", api_->url(), why,
                           period_without_events / 1s));
  co_return Result<void>();
}

// ---- what lists and readings have besides

Task<void> IncusSession::add_state(Draft& draft, ListBudget& budget) {
  Instance& instance = draft.decoded.instance;
  std::vector<InterfaceAddress> addresses;
  bool understood = true;
  const auto sink = [&](std::string_view item) -> Result<void> {
    auto state = decoder_.state(item);
    understood = state.has_value();
    if (!state) return {};
    addresses = std::move(*state);
    return budget.take_bytes(addresses.size() * sizeof(InterfaceAddress));
  };
  auto told = co_await api_->state(instance.group, instance.name, sink);
  if (!told) co_return fail(std::move(told.error()));
  draft.settled = add_addresses(draft.decoded, addresses, setup_->env->now());
  if (!*told || !understood) {
    instance.problems.push_back({.where = "addresses", .what = "the server does not tell them"});
    std::ranges::sort(instance.problems);
  }
  co_return Result<void>();
}

Task<void> IncusSession::add_states(Drafts& drafts) {
  std::vector<Draft*> wanting;
  for (auto& [id, draft] : drafts.all) {
    // If its cluster member is away, the server knows no more than the list says.
    const InstanceState state = draft.decoded.instance.state;
    const bool tells = state != InstanceState::stopped && state != InstanceState::unknown;
    if (tells && !draft.decoded.nics.empty()) wanting.push_back(&draft);
  }
  const std::function work = [&](std::size_t at) { return add_state(*wanting[at], drafts.budget); };
  co_return co_await for_each_of(wanting.size(), work);
}

Task<IncusSession::Forwards> IncusSession::fetch_forwards(NetworkKey network, ListBudget& budget) {
  Forwards forwards;
  const auto sink = [&](std::string_view item) -> Result<void> {
    auto ports = decoder_.forward(item);
    if (!ports) {
      forwards.trouble = ports.error().what;
      return {};
    }
    auto taken = budget.take_item();
    for (const ForwardedPorts& row : *ports) {
      const std::size_t ranges = row.outer.size() + row.inner.size();
      if (taken) taken = budget.take_bytes(sizeof(row) + (ranges * sizeof(PortRange)));
    }
    std::ranges::move(*ports, std::back_inserter(forwards.ports));
    return taken;
  };
  auto answer = co_await api_->forwards(network.first, network.second, sink);
  if (!answer) co_return fail(std::move(answer.error()));
  if (answer->trouble) forwards = {.ports = {}, .trouble = std::move(*answer->trouble)};
  co_return forwards;
}

/// What a network's forwards are is a matter of its instances alone.
Result<void> IncusSession::add_forwards_to(Draft& draft, ListBudget& budget) const {
  Instance& instance = draft.decoded.instance;
  std::set<std::string_view> networks;
  for (const Nic& nic : draft.decoded.nics) networks.insert(nic.network);
  for (const std::string_view network : networks) {
    const auto at = forwards_.find(NetworkKey(instance.group, network));
    if (at == forwards_.end()) continue;
    add_forwards(instance, network, at->second.ports);
    if (at->second.trouble.empty()) continue;
    instance.problems.push_back(
        {.where = "ports",
         .what = fmt::format("those that the network {} forwards to it are not all known: {}",
                             network, at->second.trouble)});
    std::ranges::sort(instance.problems);
  }
  return budget.take_bytes(instance.ports.size() * sizeof(PortMapping));
}

Task<void> IncusSession::add_forwards_to(Drafts& drafts) {
  std::erase_if(forwards_, [](const auto& known) { return !known.second.trouble.empty(); });
  std::set<NetworkKey> missing;
  for (const auto& [id, draft] : drafts.all) {
    if (draft.decoded.instance.addresses.empty()) continue;
    for (const Nic& nic : draft.decoded.nics) {
      NetworkKey key(draft.decoded.instance.group, nic.network);
      if (nic.managed && !forwards_.contains(key)) missing.insert(std::move(key));
    }
  }
  for (const NetworkKey& key : missing) {
    auto fetched = co_await fetch_forwards(key, drafts.budget);
    if (!fetched) co_return fail(std::move(fetched.error()));
    forwards_.insert_or_assign(key, std::move(*fetched));
  }
  for (auto& [id, draft] : drafts.all) {
    auto added = add_forwards_to(draft, drafts.budget);
    if (!added) co_return added;
  }
  co_return Result<void>();
}

/// A newly paused instance is told as paused only if it still is after a moment.
Task<void> IncusSession::trust_pauses(Drafts& drafts) {
  std::vector<std::string> doubtful;
  for (const auto& [id, draft] : drafts.all) {
    const bool paused = draft.decoded.instance.state == InstanceState::paused;
    if (paused && !paused_.contains(id)) doubtful.push_back(id);
  }
  if (doubtful.empty()) co_return Result<void>();
  co_await setup_->env->sleep_for(pause_to_trust);
  for (const std::string& id : doubtful) drafts.all.erase(id);
  co_return co_await fetch_each(std::move(doubtful), drafts);
}

std::vector<Reading> IncusSession::finish(Drafts drafts) {
  std::vector<Reading> readings;
  readings.reserve(drafts.all.size());
  for (auto& [id, draft] : drafts.all) {
    Instance& instance = draft.decoded.instance;
    if (instance.state == InstanceState::paused) {
      paused_.insert(id);
    } else {
      paused_.erase(id);
    }
    Masker().finish(instance);  // only now: by its name the server is asked about it
    readings.push_back({.instance = std::make_shared<const Instance>(std::move(instance)),
                        .settled = draft.settled});
  }
  return readings;
}

Task<Snapshot> IncusSession::list() {
  Snapshot snapshot{.taken_at = setup_->env->now()};
  Drafts drafts(*api_);
  auto fetched = co_await fetch_lists(projects_, drafts);
  if (!fetched) co_return fail(std::move(fetched.error()));
  auto completed = co_await add_states(drafts);
  if (!completed) co_return fail(std::move(completed.error()));
  forwards_.clear();
  auto forwarded = co_await add_forwards_to(drafts);
  if (!forwarded) co_return fail(std::move(forwarded.error()));
  listed_ = drafts.all.size();
  paused_.clear();
  snapshot.readings = finish(std::move(drafts));
  co_return snapshot;
}

Task<Snapshot> IncusSession::read(std::vector<Touched> touched) {
  Snapshot snapshot{.taken_at = setup_->env->now()};
  std::vector<std::string> ids;
  std::set<std::string, std::less<>> ended;
  for (const Touched& touch : touched) {
    ids.push_back(touch.id);
    if (touch.mark == RunMark::ended) ended.insert(touch.id);
  }
  Drafts drafts(*api_);
  auto fetched = co_await fetch_touched(std::move(ids), drafts);
  if (!fetched) co_return fail(std::move(fetched.error()));
  auto trusted = co_await trust_pauses(drafts);
  if (!trusted) co_return fail(std::move(trusted.error()));
  auto completed = co_await add_states(drafts);
  if (!completed) co_return fail(std::move(completed.error()));
  auto forwarded = co_await add_forwards_to(drafts);
  if (!forwarded) co_return fail(std::move(forwarded.error()));
  // If the end of a run was signalled but the instance still runs, the server may not have stored
  // the end yet: read it again.
  for (auto& [id, draft] : drafts.all) draft.settled = draft.settled && !ended.contains(id);
  snapshot.readings = finish(std::move(drafts));
  co_return snapshot;
}

// ---- the stream

void IncusSession::count_unknown(const std::string& action) {
  ++unknown_signals_;
  if (unknown_actions_.size() >= max_unknown_actions || !unknown_actions_.insert(action).second) {
    return;
  }
  setup_->warn(fmt::format("{}: the action {} of {} {} is not known; its instance is read again",
                           api_->url(), excerpt(action), server_.product, server_.version));
}

Result<void> IncusSession::take_event(std::string message) {
  const std::size_t size = message.size();
  message.append(JsonSplitter::padding, ' ');
  auto event = event_decoder_.decode(std::string_view(message).substr(0, size));
  if (!event) {
    RuntimeError error = std::move(event.error());
    error.endpoint = api_->url();
    return fail(std::move(error));
  }
  if (!event->unknown_action.empty()) count_unknown(event->unknown_action);
  for (Change& change : event->changes) {
    const std::string* const id = id_in(change);
    const bool ours = id == nullptr || projects_.empty() || projects_.contains(split_id(*id).first);
    if (ours) changes_.push(std::move(change));
  }
  return {};
}

Task<Change> IncusSession::next() {
  if (!events_) {
    co_await setup_->env->sleep_for(period_without_events);
    co_return Change(ResyncNeeded{"there are no events"});
  }
  for (;;) {
    if (auto change = changes_.pop()) co_return std::move(*change);
    auto message = co_await events_->read();
    if (!message) co_return fail(std::move(message.error()));
    if (!*message) co_return Change(StreamEnded{});
    auto taken = take_event(std::move(**message));
    if (!taken) co_return fail(std::move(taken.error()));
  }
}

Task<void> IncusSession::probe() {
  co_return co_await api_->ping();
}

}  // namespace rollcall::incus
