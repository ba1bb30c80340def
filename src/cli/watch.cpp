// `rollcall watch`: a line for each event, until it is interrupted.
#include <algorithm>
#include <csignal>
#include <map>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "assembly/engine_choice.hpp"
#include "cli/commands.hpp"
#include "cli/event_output.hpp"
#include "cli/remote/remote.hpp"
#include "core/async/env.hpp"
#include "core/async/run.hpp"
#include "core/failure.hpp"
#include "engine/merged_watch.hpp"

namespace rollcall::cli {
namespace {

namespace asio = boost::asio;

/// All engines, one output. Their events are merged, and shown as fast as the output is read.
class WatchRun final : private MergedConsumer {
 public:
  WatchRun(const Options& options, Console& console)
      : options_(options),
        console_(console),
        output_(options, console, context_.get_executor()),
        signals_(context_, SIGINT, SIGTERM) {}

  int run();

 private:
  /// One engine that is watched.
  struct Source {
    SelectedEngine engine;
    bool synced = false;  ///< Its first list was shown.
    bool failed = false;  ///< It is watched no more.
  };

  asio::awaitable<void> take(std::vector<MergedEvent> events) override;
  void synced(SourceId source) override;
  void failed(SourceId source, const RuntimeError& error) override;

  bool add(const SelectedEngine& engine);
  void stop();
  asio::awaitable<void> show_until_the_end();

  [[nodiscard]] bool is_nowhere(const Source& source) const;
  void note_if_nothing_runs();

  const Options& options_;
  Console& console_;
  asio::io_context context_{1};  // outlives all that is made on it
  EventOutput output_;
  asio::signal_set signals_;
  std::map<SourceId, Source> sources_;
  MergedWatch watch_{context_.get_executor(), system_env(), *this};
  int code_ = success;
};

int WatchRun::run() {
  BackendOptions common = options_.backend_options();
  common.getenv = console_.environment();
  common.log = console_logger(console_, options_.verbose);
  for (const SelectedEngine& engine : engines_to_watch(options_.selection, common)) {
    if (!add(engine) && engine.named) return failure;
  }
  if (sources_.empty()) {
    console_.note("there is nothing to watch; `rollcall doctor` tells why");
    return failure;
  }
  signals_.async_wait([this](boost::system::error_code error, int) {
    if (error) return;
    signals_.clear();  // a second Ctrl-C then ends the process at once
    stop();
  });
  asio::co_spawn(context_, show_until_the_end(), rethrow);
  context_.run();
  return code_;
}

bool WatchRun::add(const SelectedEngine& engine) {
  auto source = watch_.add(source_of(engine.choice, context_.get_executor(), engine.named));
  if (!source) {
    console_.note(source.error().describe());
    return false;
  }
  sources_.emplace(*source, Source{engine});
  return true;
}

void WatchRun::stop() {
  watch_.request_stop();
  output_.close();
  signals_.cancel();
}

asio::awaitable<void> WatchRun::show_until_the_end() {
  co_await output_.run();
  stop();
  co_await watch_.done();
  context_.stop();  // does not wait for work that a backend left behind
}

asio::awaitable<void> WatchRun::take(std::vector<MergedEvent> events) {
  const Source& source = sources_.at(events.front().source);
  if (!source.synced) {
    // All instances are folded before one is shown, so that each can name those it depends on.
    for (const MergedEvent& merged : events) {
      if (key_of(merged.event) != nullptr) output_.know(merged.event);
    }
  }
  for (MergedEvent& merged : events) {
    if (key_of(merged.event) == nullptr && is_nowhere(sources_.at(merged.source))) continue;
    co_await output_.show(std::move(merged.event));
  }
}

void WatchRun::synced(SourceId id) {
  sources_.at(id).synced = true;
  give_back_memory();
  note_if_nothing_runs();
}

void WatchRun::failed(SourceId id, const RuntimeError& error) {
  console_.note(error.describe());
  Source& source = sources_.at(id);
  source.failed = true;
  const bool all = std::ranges::all_of(sources_, [](const auto& it) { return it.second.failed; });
  if (!source.engine.named && !all) return;
  code_ = failure;
  stop();
}

/// Text output does not report a runtime that was not named and has no socket anywhere.
bool WatchRun::is_nowhere(const Source& source) const {
  return !source.synced && options_.output != Output::jsonl && !source.engine.named &&
         source.engine.url().empty();
}

void WatchRun::note_if_nothing_runs() {
  // A person would wonder about an empty screen; a program does not.
  const bool all = std::ranges::all_of(sources_, [](const auto& it) { return it.second.synced; });
  const bool none = std::ranges::all_of(
      sources_, [this](const auto& it) { return watch_.merger().shown(it.first) == 0; });
  if (all && none && console_.interactive()) {
    console_.note("nothing runs yet; what starts is shown here (Ctrl-C ends this)");
  }
}

}  // namespace

int watch(const Options& options, Console& console) {
  if (!options.server.url.empty()) return watch_daemon(options, console);
  return WatchRun(options, console).run();
}

}  // namespace rollcall::cli
