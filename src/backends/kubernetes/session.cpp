// The lists of a session; its watches are in watches.cpp.
#include "backends/kubernetes/session.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "backends/kubernetes/pods_ahead.hpp"
#include "core/budgets.hpp"
#include "core/memory_of.hpp"

namespace rollcall::kubernetes {

using namespace std::chrono_literals;

namespace {

constexpr int max_rounds = 4;  // Repeated if a watch cannot continue from the end of its list.

}  // namespace

bool EngineState::may_pass(Resource resource) {
  constexpr auto grace = 10s;
  if (!allowed.contains(resource)) return false;
  const auto since = refused_since.try_emplace(resource, env->monotonic()).first->second;
  if (env->monotonic() - since < grace) return true;
  allowed.erase(resource);
  refused_since.erase(resource);
  return false;
}

Observation::Observation(EngineStatePtr engine, Purpose purpose, bool streams_lists,
                         boost::asio::any_io_executor executor)
    : engine_(std::move(engine)),
      watches_(purpose == Purpose::watch),
      streams_lists_(streams_lists),
      executor_(std::move(executor)),
      decoder_(engine_->shown_endpoint),
      gate_(executor_, 1),
      drained_(executor_, 1) {
  if (!watches_) return;
  ++engine_->watches;
  if (!engine_->roster) engine_->roster = std::make_shared<Roster>();
  roster_ = engine_->roster;
}

Observation::~Observation() {
  if (watches_) --engine_->watches;
}

std::string Observation::blind_spot() const {
  std::string all;
  const auto add = [&all](const RuntimeError& error) {
    if (!all.empty()) all += "; ";
    all += error.what;
    if (!error.remedy.empty()) all += "; " + error.remedy;
  };
  if (engine_->narrowed) {
    all = fmt::format("only the namespace {} is listed", engine_->own_namespace);
    add(*engine_->narrowed);
  }
  for (const RuntimeError& error : blind_) add(error);
  return all;
}

std::vector<std::string> Observation::spaces() const {
  if (!engine_->namespaces.empty()) {
    return {engine_->namespaces.begin(), engine_->namespaces.end()};
  }
  return {engine_->narrowed ? engine_->own_namespace : std::string()};
}

/// Checks the memory of Services, endpoints and the ports that they give to pods.
Result<void> Observation::check_roster(const Roster& roster) const {
  if (roster.network_bytes() <= budget::engine_instance_bytes) return {};
  return fail({.kind = ErrorKind::protocol,
               .endpoint = engine_->url,
               .what = fmt::format("the server's Services and endpoints take more than {} MiB",
                                   budget::engine_instance_bytes >> 20U),
               .remedy = "name the namespaces that are to be watched"});
}

Result<void> Observation::take_item(ResourceWatch& source, Roster& roster, std::string_view item) {
  if (auto taken = budget_->take_item(); !taken) return taken;
  if (source.resource() == Resource::services) {
    roster.put(decoder_.service(item));
  } else if (source.resource() == Resource::slices) {
    roster.put(decoder_.slice(item, source.api()));
  } else {
    const auto is_known = [&](const Meta& meta) {
      return !engine_->version_reused && roster.keep(meta, elder());
    };
    auto pod = decoder_.pod(item, engine_->env->now(), is_known);
    if (!pod) return fail(std::move(pod.error()));
    auto taken = pod->known ? Result<void>() : budget_->take_bytes(memory_of(*pod->instance));
    if (!taken) return taken;
    if (!pod->known) roster.put(std::move(*pod));
  }
  return check_roster(roster);
}

/// Takes a line of a streamed list: each put is an item, and deletions may come in between.
Result<void> Observation::take_list_line(ResourceWatch& source, Roster& roster,
                                         std::string_view line) {
  std::vector<Change> nobody_knows_yet;
  if (auto taken = budget_->take_item(); !taken) return taken;
  const auto take = [&](auto event) -> Result<void> {
    if (!event) return fail(std::move(event.error()));
    if (event->type == EventType::error) return fail(source.error_in(line));
    if (event->ends_list) {
      source.advance(std::move(event->version));
      source.end_list();
    } else if (event->type == EventType::deleted) {
      roster.apply(event->type, std::move(event->object), nobody_knows_yet);
    } else if (event->type == EventType::put) {
      if constexpr (requires { event->object.known; }) {
        if (event->object.known) return {};
        if (event->object.instance != nullptr) {
          auto taken = budget_->take_bytes(memory_of(*event->object.instance));
          if (!taken) return taken;
        }
      }
      roster.put(std::move(event->object));
    }
    return check_roster(roster);
  };
  if (source.resource() == Resource::services) return take(decoder_.service_event(line));
  if (source.resource() == Resource::slices) return take(decoder_.slice_event(line, source.api()));
  const auto is_known = [&](const Meta& meta) { return roster.keep(meta, nullptr); };
  return take(decoder_.pod_event(line, engine_->env->now(), is_known));
}

Task<ResourceWatch::Outcome> Observation::list_source(ResourceWatchPtr source, Roster& roster) {
  const auto self = shared_from_this();
  ResourceWatch::Take line = [self, source, &roster](std::string_view text) {
    return self->take_list_line(*source, roster, text);
  };
  if (!streams_lists_) line = {};
  if (source->resource() == Resource::pods && roster.is_new() && elder() == nullptr) {
    PodsAhead pods(executor_, engine_->shown_endpoint, engine_->env->now(),
                   [self, &roster](Pod pod) -> Result<void> {
                     auto taken = self->budget_->take(*pod.instance);
                     if (taken) taken = self->check_roster(roster);
                     if (taken) roster.put(std::move(pod));
                     return taken;
                   });
    co_return co_await source->list(pods, std::move(line));
  }
  ItemTaker items([self, source, &roster](std::string_view text) {
    return self->take_item(*source, roster, text);
  });
  co_return co_await source->list(items, std::move(line));
}

/// Whether the server allows it; what it refuses, or fails over, is done without, unless it may be
/// a matter of a moment.
Task<bool> Observation::list_optional(ResourceWatchPtr source, Roster& roster) {
  auto outcome = co_await list_source(source, roster);
  if (!outcome) co_return fail(std::move(outcome.error()));
  if (!*outcome) {
    engine_->allow(source->resource());
    sources_.push_back(std::move(source));
    co_return true;
  }
  const unsigned status = (*outcome)->status;
  const bool absent = status == 404;
  const bool fails = status >= 500;
  if ((status != 403 && !absent && !fails) || (!absent && engine_->may_pass(source->resource()))) {
    co_return fail(std::move((*outcome)->error));
  }
  if (fails) {
    roster.keep_network();
    fails_ = true;
  }
  if (!absent) {
    blind_.push_back(std::move((*outcome)->error));
    refused_.push_back(std::move(source));
  }
  co_return false;
}

/// Lists endpoints with the newest API that the server has.
Task<bool> Observation::list_slices(Roster& roster, std::string name_space) {
  std::vector<SliceApi> apis = {engine_->slice_api};
  for (const auto api : {SliceApi::slices_v1, SliceApi::slices_v1beta1, SliceApi::endpoints}) {
    if (api != engine_->slice_api) apis.push_back(api);
  }
  const std::size_t blind = blind_.size();
  for (const SliceApi api : apis) {
    auto source = std::make_shared<ResourceWatch>(engine_, Resource::slices, name_space, api);
    auto listed = co_await list_optional(std::move(source), roster);
    if (!listed) co_return fail(std::move(listed.error()));
    if (*listed) engine_->slice_api = api;
    if (*listed || blind_.size() > blind) co_return *listed;
  }
  co_return false;
}

Task<void> Observation::list_network(Roster& roster, std::string name_space) {
  auto source =
      std::make_shared<ResourceWatch>(engine_, Resource::services, name_space, SliceApi::slices_v1);
  auto services = co_await list_optional(std::move(source), roster);
  if (!services) co_return fail(std::move(services.error()));
  if (!*services) co_return Result<void>();  // Endpoints alone are of no use.
  auto slices = co_await list_slices(roster, std::move(name_space));
  if (!slices) co_return fail(std::move(slices.error()));
  co_return Result<void>();
}

/// Returns false if it turns out that only our own namespace may be read.
Task<bool> Observation::list_pods(Roster& roster, std::string name_space) {
  auto source =
      std::make_shared<ResourceWatch>(engine_, Resource::pods, name_space, SliceApi::slices_v1);
  auto outcome = co_await list_source(source, roster);
  if (!outcome) co_return fail(std::move(outcome.error()));
  if (!*outcome) {
    engine_->allow(Resource::pods);
    sources_.push_back(std::move(source));
    co_return true;
  }
  RuntimeError error = std::move((*outcome)->error);
  const bool whole = name_space.empty();
  if ((*outcome)->status != 403 || !whole || engine_->may_pass(Resource::pods)) {
    co_return fail(std::move(error));
  }
  // If not even our own namespace is allowed, report the refusal for the whole cluster.
  ResourceWatch own(engine_, Resource::pods, engine_->own_namespace, SliceApi::slices_v1);
  auto asked = co_await own.ask();
  if (!asked) co_return fail(std::move(asked.error()));
  if (*asked) co_return fail(std::move(error));
  engine_->warn(fmt::format("{}: {}; only the namespace {} is listed; {}", engine_->url, error.what,
                            engine_->own_namespace, error.remedy));
  engine_->narrowed = std::move(error);
  co_return false;
}

/// Lists everything once. Returns false if it must be repeated, because a watch cannot continue
/// from the end of its list.
Task<bool> Observation::list_round(Roster& roster) {
  budget_.emplace(engine_->url, engine_->limits);
  sources_.clear();
  blind_.clear();
  refused_.clear();
  fails_ = false;
  roster.begin_round();
  const std::vector<std::string> all = spaces();
  for (const std::string& name_space : all) {
    auto network = co_await list_network(roster, name_space);
    if (!network) co_return fail(std::move(network.error()));
  }
  roster.end_network();
  for (const std::string& name_space : all) {
    auto pods = co_await list_pods(roster, name_space);
    if (!pods) co_return fail(std::move(pods.error()));
    if (!*pods) co_return false;
  }
  if (!watches_) co_return true;
  co_return co_await open_watches();
}

Task<bool> Observation::open_watches() {
  for (const ResourceWatchPtr& source : sources_) {
    auto outcome = co_await source->open();
    if (!outcome) co_return fail(std::move(outcome.error()));
    if (!*outcome) continue;
    if ((*outcome)->expired()) co_return false;
    co_return fail(std::move((*outcome)->error));
  }
  co_return true;
}

/// Waits until the watches have lived for `proof`: after a watch that failed at once, the next list
/// is not told before that.
Task<void> Observation::prove_watches() {
  if (engine_->proof > Duration::zero()) co_await engine_->env->sleep_for(engine_->proof);
  if (!failure_ || failure_->kind == ErrorKind::desynced) co_return Result<void>();
  co_return fail(*failure_);
}

Task<Snapshot> Observation::list() {
  stop();
  listing_ = true;
  changes_.clear();
  failure_.reset();
  Snapshot snapshot{.taken_at = engine_->env->now()};
  std::shared_ptr<Roster> roster = roster_;
  if (!roster) roster = std::make_shared<Roster>(engine_->include_stopped);
  bool complete = false;
  for (int round = 0; !complete; ++round) {
    auto listed = co_await list_round(*roster);
    if (!listed) co_return fail(std::move(listed.error()));
    complete = *listed;
    if (!complete && round == max_rounds) {
      co_return fail(
          {.endpoint = engine_->url, .what = "the server cannot go on from where its lists end"});
    }
  }
  engine_->version_reused = false;
  std::vector<InstancePtr> pods = roster->end_round();
  snapshot.readings.reserve(pods.size());
  for (InstancePtr& pod : pods) {
    snapshot.readings.push_back({.instance = std::move(pod)});
  }
  if (watches_) {
    engine_->api.close_idle();
    start();
    auto proved = co_await prove_watches();
    if (!proved) co_return fail(std::move(proved.error()));
  } else if (engine_->watches == 0) {
    engine_->roster = std::move(roster);  // The next list may find most of it unchanged.
  }
  listing_ = false;
  wake();
  co_return snapshot;
}

}  // namespace rollcall::kubernetes
