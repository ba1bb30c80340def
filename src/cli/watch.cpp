// `rollcall watch`: a line an event, until the user has seen enough.
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <exception>
#include <list>
#include <memory>
#include <stop_token>
#include <utility>
#include <vector>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/json/serialize.hpp>
#include <rollcall/backend.hpp>
#include <rollcall/inventory.hpp>

#include "cli/commands.hpp"
#include "cli/duplicates.hpp"
#include "cli/event_lines.hpp"
#include "cli/outlet.hpp"
#include "cli/remote/remote.hpp"
#include "core/env.hpp"
#include "core/json.hpp"

namespace rollcall::cli {
namespace {

namespace asio = boost::asio;

std::string wall_clock() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  std::array<char, sizeof "00:00:00"> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%H:%M:%S", &local);
  return {text.data(), size};
}

/// A long first list takes more memory for a moment than what is kept of it.
void give_back_memory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

/// One engine that is watched.
struct Source {
  Target target;
  std::unique_ptr<RuntimeBackend> backend;
  EventReceiver events;
  bool tried = false;   ///< Its first list was told, or its first attempt has failed.
  bool listed = false;  ///< Its first list was told.
};

/// All engines, one output. One coroutine watches each engine, one shows its events, one minds the
/// output. The host is watched when all others were tried: what another lists, it leaves out.
class WatchRun {
 public:
  WatchRun(const Options& options, Console& console)
      : options_(options),
        console_(console),
        outlet_(console.out(), context_.get_executor()),
        signals_(context_, SIGINT, SIGTERM),
        lines_(console.colour()) {}

  int run();

 private:
  bool add(Target target);
  void tried(Source& source);
  void add_hosts();
  [[nodiscard]] bool lists(RuntimeBackendKind runtime) const;
  void spawn(asio::awaitable<void> work);
  void stop();

  asio::awaitable<void> follow(Source& source, EventSender sender);
  asio::awaitable<void> show_all(Source& source);
  asio::awaitable<void> show_first(Source& source);
  asio::awaitable<void> show(RuntimeEvent event);
  asio::awaitable<void> mind_output();

  [[nodiscard]] bool wanted(const RuntimeEvent& event) const;
  [[nodiscard]] bool is_nowhere(const Source& source) const;
  void note_if_nothing_runs();

  const Options& options_;
  Console& console_;
  asio::io_context context_{1};  // outlives all that is made on it
  Outlet outlet_;
  asio::signal_set signals_;
  BackendOptions common_;
  std::vector<Target> hosts_;  // that wait for the others
  std::list<Source> sources_;
  std::stop_source stop_source_;
  std::size_t working_ = 0;    // coroutines that have not ended
  std::size_t following_ = 0;  // engines that are watched
  std::size_t unsynced_ = 0;   // engines whose first list is not complete
  Inventory known_;
  Repetitions repetitions_;
  EventLines lines_;
  int code_ = success;
};

int WatchRun::run() {
  common_ = options_.backend_options();
  common_.getenv = console_.environment();
  common_.log = console_logger(console_, options_.verbose);
  common_.look_period = options_.look_period;
  common_.podman_poll = options_.podman_poll;
  common_.listed_elsewhere = [this](RuntimeBackendKind runtime) { return lists(runtime); };
  for (Target& target : targets_to_watch(options_.selection, common_)) {
    if (target.kind == RuntimeBackendKind::host) {
      hosts_.push_back(std::move(target));
      continue;
    }
    const bool named = target.named;
    if (!add(std::move(target)) && named) return failure;
  }
  if (sources_.empty()) add_hosts();
  if (sources_.empty()) {
    console_.note("there is nothing to watch; `rollcall doctor` tells why");
    return failure;
  }
  signals_.async_wait([this](boost::system::error_code error, int) {
    if (error) return;
    signals_.clear();  // a second Ctrl-C ends the process, whatever it waits for
    stop();
  });
  spawn(mind_output());
  context_.run();
  return code_;
}

bool WatchRun::add(Target target) {
  auto backend = make_backend(target.kind, options_for(target, common_), context_.get_executor());
  if (!backend) {
    console_.note(backend.error().describe());
    return false;
  }
  EventChannel channel = make_event_channel(context_.get_executor());
  Source& source =
      sources_.emplace_back(std::move(target), std::move(*backend), std::move(channel.receiver));
  ++following_;
  ++unsynced_;
  spawn(follow(source, std::move(channel.sender)));
  spawn(show_all(source));
  return true;
}

void WatchRun::tried(Source& source) {
  source.tried = true;
  if (std::ranges::all_of(sources_, &Source::tried)) add_hosts();
}

void WatchRun::add_hosts() {
  if (stop_source_.stop_requested()) return;
  for (Target& target : std::exchange(hosts_, {})) {
    const bool named = target.named;
    if (!add(std::move(target)) && named) {
      code_ = failure;
      stop();
    }
  }
}

bool WatchRun::lists(RuntimeBackendKind runtime) const {
  return std::ranges::any_of(sources_, [runtime](const Source& source) {
    return source.listed && parse_kind(source.backend->name()) == runtime;
  });
}

void WatchRun::spawn(asio::awaitable<void> work) {
  ++working_;
  asio::co_spawn(context_, std::move(work), [this](const std::exception_ptr& thrown) {
    if (thrown) std::rethrow_exception(thrown);
    if (--working_ == 0) context_.stop();  // what a backend left behind is not waited for
  });
}

void WatchRun::stop() {
  stop_source_.request_stop();
  for (Source& source : sources_) source.events.close();
  outlet_.close();
  signals_.cancel();
}

asio::awaitable<void> WatchRun::follow(Source& source, EventSender sender) {
  auto watching = source.backend->watch(std::move(sender), stop_source_.get_token());
  const Result<void> ended = co_await std::move(watching);
  --following_;
  tried(source);
  if (ended) co_return;
  console_.note(ended.error().describe());
  if (source.target.named || following_ == 0) {
    code_ = failure;
    stop();
  }
}

asio::awaitable<void> WatchRun::show_all(Source& source) {
  co_await show_first(source);
  for (;;) {
    auto event = co_await source.events.receive();
    if (!event) co_return;
    if (repetitions_.repeats(*event, known_)) continue;
    co_await show(std::move(*event));
  }
}

asio::awaitable<void> WatchRun::show_first(Source& source) {
  std::vector<RuntimeEvent> first;
  while (!source.events.synced()) {
    co_await source.events.wait();
    auto event = source.events.try_receive();
    if (event && key_of(*event) == nullptr) {
      if (!is_nowhere(source)) co_await show(std::move(*event));
      tried(source);
    } else if (event) {
      first.push_back(std::move(*event));
    } else if (!source.events.synced()) {
      co_return;  // closed
    }
  }
  source.listed = true;
  // All are known before one is shown, so that each can name those that it depends on.
  std::erase_if(first, [this](const RuntimeEvent& event) {
    const bool repeats = repetitions_.repeats(event, known_);
    if (!repeats) known_.apply(event);
    return repeats;
  });
  for (RuntimeEvent& event : first) co_await show(std::move(event));
  first = {};
  give_back_memory();
  --unsynced_;
  tried(source);
  note_if_nothing_runs();
}

asio::awaitable<void> WatchRun::show(RuntimeEvent event) {
  const bool shown = wanted(event);
  std::string line;
  if (shown && options_.output == Output::jsonl) {
    line = boost::json::serialize(to_json(event)) + "\n";
  } else if (shown) {
    line = lines_.line(event, known_, wall_clock());
  }
  known_.apply(event);
  outlet_.write(line);
  // The next event stays in its channel, where it can collapse, until the reader is ready for it.
  co_await outlet_.drained();
}

asio::awaitable<void> WatchRun::mind_output() {
  co_await outlet_.run();
  if (outlet_.error() == ECANCELED) co_return;
  console_.set_write_error(outlet_.error());
  stop();
}

/// To a person, a runtime that nobody named and that has no socket anywhere is no loss.
bool WatchRun::is_nowhere(const Source& source) const {
  const Target& target = source.target;
  return options_.output != Output::jsonl && !target.named && target.place.url.empty();
}

bool WatchRun::wanted(const RuntimeEvent& event) const {
  const InstanceKey* key = key_of(event);
  if (key == nullptr) return true;
  const InstancePtr before = known_.find(*key);
  if (before && options_.filters.matches(*before)) return true;
  if (const auto* started = std::get_if<Started>(&event)) {
    return options_.filters.matches(*started->instance);
  }
  const auto* updated = std::get_if<Updated>(&event);
  return updated != nullptr && options_.filters.matches(*updated->instance);
}

void WatchRun::note_if_nothing_runs() {
  // A person before an empty screen wonders; a program does not.
  if (unsynced_ == 0 && hosts_.empty() && known_.size() == 0 && console_.interactive()) {
    console_.note("nothing runs yet; what starts is shown here (Ctrl-C ends this)");
  }
}

}  // namespace

int watch(const Options& options, Console& console) {
  if (!options.server.url.empty()) return watch_daemon(options, console);
  return WatchRun(options, console).run();
}

}  // namespace rollcall::cli
