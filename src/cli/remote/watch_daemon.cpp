// `rollcall watch --server`: a daemon's list and then its changes, across outages of the daemon.
#include <algorithm>
#include <csignal>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/json/parse.hpp>

#include "cli/commands.hpp"
#include "cli/event_output.hpp"
#include "cli/remote/daemon_client.hpp"
#include "cli/remote/differences.hpp"
#include "cli/remote/remote.hpp"
#include "core/async/env.hpp"
#include "core/async/run.hpp"
#include "core/json/json_read.hpp"
#include "engine/change_log.hpp"
#include "engine/reflector_fsm.hpp"

namespace rollcall::cli {
namespace {

namespace asio = boost::asio;

/// The daemon's own name in backend events.
constexpr const char* daemon_name = "rollcall";

bool may_run(const std::vector<StaleEngine>& engines, const InstanceKey& key) {
  return std::ranges::any_of(engines,
                             [&key](const StaleEngine& engine) { return engine.may_run(key); });
}

/// Shows the changes of one daemon. While the daemon is away, its instances are kept; on its
/// return, its log gives the changes, or else they are derived from its list.
class DaemonWatch {
 public:
  DaemonWatch(const Options& options, Console& console, DaemonClient client)
      : console_(console),
        client_(std::move(client)),
        output_(options, console, context_.get_executor()),
        runtimes_(options.selection),
        signals_(context_, SIGINT, SIGTERM) {
    output_.keep_known();  // a later list is compared with it
  }

  int run();

 private:
  void spawn(asio::awaitable<void> work);
  asio::awaitable<void> follow();
  asio::awaitable<void> mind_output();
  asio::awaitable<Result<void>> session();
  asio::awaitable<Result<void>> catch_up();
  asio::awaitable<Result<void>> list();
  asio::awaitable<Result<void>> take(std::vector<StreamEvent> events);
  void warn(const StaleEngine& engine);
  void hold(const std::vector<StaleEngine>& stale, std::vector<InstancePtr>& now);
  bool goes_on(RuntimeEvent& event);
  [[nodiscard]] Result<void> take_bookmark(const boost::json::value& told);
  asio::awaitable<void> reached();
  asio::awaitable<void> lost(const RuntimeError& error);
  [[nodiscard]] Duration delay();
  void stop();

  asio::io_context context_{1};  // outlives all that is made on it
  Console& console_;
  DaemonClient client_;
  EventOutput output_;
  RuntimeFilter runtimes_;
  asio::signal_set signals_;
  EnvPtr env_ = system_env();
  std::string cursor_;            // everything up to here was shown; empty: list first
  Cursor target_;                 // the log's end when the daemon answered again
  bool listed_ = false;           // a list was shown
  std::set<InstanceKey> held_;    // not listed, but their engine may still run them
  std::set<std::string> warned_;  // the engines of the warnings
  bool away_ = false;             // disconnected was shown
  unsigned failures_ = 0;         // since the last event
};

int DaemonWatch::run() {
  signals_.async_wait([this](boost::system::error_code error, int) {
    if (error) return;
    signals_.clear();  // a second Ctrl-C then ends the process at once
    stop();
  });
  spawn(mind_output());
  spawn(follow());
  context_.run();
  return success;
}

void DaemonWatch::spawn(asio::awaitable<void> work) {
  asio::co_spawn(context_, std::move(work), rethrow);
}

/// Does not wait for operations under way: they only read.
void DaemonWatch::stop() {
  output_.close();
  context_.stop();
}

asio::awaitable<void> DaemonWatch::mind_output() {
  co_await output_.run();
  stop();
}

asio::awaitable<void> DaemonWatch::follow() {
  for (;;) {
    auto watching = session();
    const auto ended = co_await std::move(watching);
    if (!ended && ended.error().kind == ErrorKind::desynced) {
      cursor_.clear();  // the log does not reach back that far
    } else {
      static const RuntimeError closed{.what = "the daemon closed the connection"};
      co_await lost(ended ? closed : ended.error());
    }
    ++failures_;
    auto pause = env_->sleep_for(delay());
    co_await std::move(pause);
  }
}

/// The back-off is that of an engine: full jitter, and a floor.
Duration DaemonWatch::delay() {
  const HealingPolicy policy =
      client_.local() ? HealingPolicy::for_local() : HealingPolicy::for_remote();
  const unsigned doublings = std::min(failures_ - 1, 10U);
  const Duration longest = std::min(policy.cap, policy.base * (1U << doublings));
  return std::max(policy.floor, std::chrono::duration_cast<Duration>(longest * env_->random()));
}

asio::awaitable<void> DaemonWatch::lost(const RuntimeError& error) {
  if (std::exchange(away_, true)) co_return;
  auto showing = output_.show(BackendDisconnected{daemon_name, client_.url(), error.describe()});
  co_await std::move(showing);
}

/// One connection: the missed changes first, then the new ones.
asio::awaitable<Result<void>> DaemonWatch::session() {
  auto catching = catch_up();
  auto ready = co_await std::move(catching);
  if (!ready) co_return ready;
  auto opening = client_.events(cursor_);
  auto events = co_await std::move(opening);
  if (!events) co_return fail(std::move(events.error()));
  for (;;) {
    auto reached_it = reached();
    co_await std::move(reached_it);
    auto reading = (*events)->next();
    auto batch = co_await std::move(reading);
    if (!batch) co_return fail(std::move(batch.error()));
    if (batch->empty()) co_return Result<void>();
    failures_ = 0;
    auto taking = take(std::move(*batch));
    auto taken = co_await std::move(taking);
    if (!taken) co_return taken;
  }
}

/// Lists if there is no cursor; else asks for the log's end, to know when it has caught up.
asio::awaitable<Result<void>> DaemonWatch::catch_up() {
  if (cursor_.empty()) {
    auto listing = list();
    co_return co_await std::move(listing);
  }
  auto asking = client_.status();
  const auto status = co_await std::move(asking);
  if (!status) co_return fail(status.error());
  target_ = cursor_in(*status).value_or(Cursor{});
  co_return Result<void>();
}

asio::awaitable<Result<void>> DaemonWatch::list() {
  auto asking = client_.list();
  const auto listed = co_await std::move(asking);
  if (!listed) co_return fail(listed.error());
  const Cause cause = listed_ ? Cause::resync : Cause::initial;
  std::vector<InstancePtr> now;
  std::ranges::copy_if(listed->instances, std::back_inserter(now),
                       [this](const InstancePtr& i) { return runtimes_.wants(i->key.backend); });
  for (const StaleEngine& engine : listed->stale) warn(engine);
  hold(listed->stale, now);
  for (RuntimeEvent& event : differences(output_.known().list(), now, cause)) {
    auto showing = output_.show(std::move(event));
    co_await std::move(showing);
  }
  listed_ = true;
  cursor_ = listed->cursor;
  target_ = {};
  co_return Result<void>();
}

void DaemonWatch::warn(const StaleEngine& engine) {
  if (!runtimes_.wants(engine)) return;
  StaleEngine known = engine;
  known.reason.clear();  // it differs between attempts
  if (warned_.insert(known.describe()).second) console_.note("warning: " + engine.describe());
}

/// Holds instances that a restarted daemon cannot list yet: they have not stopped.
void DaemonWatch::hold(const std::vector<StaleEngine>& stale, std::vector<InstancePtr>& now) {
  const auto key = [](const InstancePtr& instance) -> const InstanceKey& { return instance->key; };
  held_.clear();
  std::vector<InstancePtr> held;
  for (const InstancePtr& known : output_.known().list()) {
    if (std::ranges::binary_search(now, known->key, {}, key)) continue;
    if (!may_run(stale, known->key)) continue;
    held_.insert(known->key);
    held.push_back(known);
  }
  if (held.empty()) return;
  std::ranges::move(held, std::back_inserter(now));
  std::ranges::sort(now, {}, key);
}

/// A held instance that is listed again was never shown as stopped, so its start is not shown: a
/// difference becomes an update. Returns whether there is nothing to show.
bool DaemonWatch::goes_on(RuntimeEvent& event) {
  const auto* started = std::get_if<Started>(&event);
  if (started == nullptr || held_.erase(started->instance->key) == 0) return false;
  const InstancePtr known = output_.known().find(started->instance->key);
  if (known && same_content(*known, *started->instance)) return true;
  if (known) event = Updated{started->instance, Cause::resync};
  return false;
}

/// A bookmark names the engines whose instances are unknown. When one of them becomes known, the
/// list decides which of the held instances have stopped.
Result<void> DaemonWatch::take_bookmark(const boost::json::value& told) {
  const auto* object = told.if_object();
  if (object == nullptr || held_.empty()) return {};
  const auto stale = stale_in(*object);
  const auto held = [&stale](const InstanceKey& key) { return may_run(stale, key); };
  if (std::ranges::all_of(held_, held)) return {};
  return fail({.kind = ErrorKind::desynced, .what = "an engine was listed for the first time"});
}

/// Shows that the daemon is back, once everything up to `target_` was shown.
asio::awaitable<void> DaemonWatch::reached() {
  const auto here = parse_cursor(cursor_);
  const bool there = !here || here->epoch != target_.epoch || here->sequence >= target_.sequence;
  if (there && std::exchange(away_, false)) {
    auto showing = output_.show(BackendReconnected{daemon_name, client_.url()});
    co_await std::move(showing);
  }
}

asio::awaitable<Result<void>> DaemonWatch::take(std::vector<StreamEvent> events) {
  for (StreamEvent& told : events) {
    if (told.type == "lagged") co_return fail({.kind = ErrorKind::desynced, .what = told.data});
    boost::system::error_code broken;
    const boost::json::value value = boost::json::parse(told.data, broken);
    if (broken) {
      co_return fail({.kind = ErrorKind::protocol,
                      .endpoint = client_.url(),
                      .what = "an event is no JSON: " + broken.message()});
    }
    if (told.type == "bookmark") {
      if (auto taken = take_bookmark(value); !taken) co_return taken;
      continue;
    }
    auto event =
        read_event(value, [this](const InstanceKey& key) { return output_.known().find(key); });
    if (!event) co_return fail(std::move(event.error()));
    if (runtimes_.wants(*event) && !goes_on(*event)) {
      auto showing = output_.show(std::move(*event));
      co_await std::move(showing);
    }
    if (!told.id.empty()) cursor_ = told.id;
    auto reached_it = reached();
    co_await std::move(reached_it);
  }
  co_return Result<void>();
}

}  // namespace

int watch_daemon(const Options& options, Console& console) {
  auto client = DaemonClient::make(options.server);
  if (!client) {
    console.note(client.error().describe());
    return failure;
  }
  return DaemonWatch(options, console, std::move(*client)).run();
}

}  // namespace rollcall::cli
