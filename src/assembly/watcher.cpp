#include <algorithm>
#include <exception>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>
#include <rollcall/backend.hpp>
#include <rollcall/watcher.hpp>

#include "assembly/engine_choice.hpp"
#include "assembly/listing.hpp"
#include "core/async/run.hpp"
#include "core/failure.hpp"
#include "engine/merged_watch.hpp"

namespace rollcall {
namespace {

namespace asio = boost::asio;

BackendOptions backend_options(const Engine& engine, const WatcherOptions& options) {
  return {.endpoint = engine.endpoint,
          .alias = engine.alias,
          .include_stopped = options.include_stopped,
          .runtime_options = options.runtime_options,
          .getenv = options.getenv,
          .log = {}};
}

/// From one start() to its stop(): the engines, their watches, and the executor of both.
class Run final : private MergedConsumer {
 public:
  Run(std::shared_ptr<const WatcherOptions> options, const void* owner)
      : options_(std::move(options)), owner_(owner) {}

  std::optional<RuntimeError> begin();
  void work();

  void request_stop() { stop_.request_stop(); }
  [[nodiscard]] bool stopping() const { return stop_.stop_requested(); }

  /// The run whose callback is on this thread's stack, if it belongs to that watcher; else null.
  static Run* calling(const void* owner) {
    return current_ != nullptr && current_->owner_ == owner ? current_ : nullptr;
  }
  /// For a watcher that is destroyed by its callback: a new one may reuse its address.
  void disown() { owner_ = nullptr; }

 private:
  asio::awaitable<void> take(std::vector<MergedEvent> events) override {
    for (const MergedEvent& merged : events) call(options_->on_event, merged.event);
    co_return;
  }
  void synced(SourceId source) override { call(options_->on_synced, engines_.at(source)); }
  void failed(SourceId source, const RuntimeError& error) override {
    call(options_->on_error, EngineError{engines_.at(source), error});
  }

  std::optional<RuntimeError> add(const Engine& engine);
  asio::awaitable<void> finish();

  /// Calls a callback, unless the watcher was stopped by one of them or by another thread.
  template <class Callback, class... Arguments>
  void call(const Callback& callback, Arguments&&... arguments) const {
    if (callback && !stopping()) callback(std::forward<Arguments>(arguments)...);
  }

  static thread_local Run* current_;

  std::shared_ptr<const WatcherOptions> options_;
  const void* owner_;
  std::stop_source stop_;
  std::map<SourceId, Engine> engines_;
  asio::io_context context_{1};  // outlives all that is made on it
  MergedWatch watch_{context_.get_executor(), system_env(), *this};
};

thread_local Run* Run::current_ = nullptr;

std::optional<RuntimeError> Run::begin() {
  for (const Engine& engine : options_->engines) {
    if (auto error = add(engine)) return error;
  }
  if (!engines_.empty()) return {};
  return RuntimeError{.kind = ErrorKind::invalid_config,
                      .what = "there is no engine to watch",
                      .remedy = "name one in WatcherOptions::engines"};
}

std::optional<RuntimeError> Run::add(const Engine& engine) {
  BackendOptions options = backend_options(engine, *options_);
  if (options_->log) {
    options.log = [this](LogLevel level, std::string_view message) {
      call(options_->log, level, message);
    };
  }
  auto source = watch_.add(source_of({.kind = engine.kind, .options = std::move(options)},
                                     context_.get_executor(), true));
  if (!source) return std::move(source.error());
  engines_.emplace(*source, engine);
  return {};
}

void Run::work() {
  current_ = this;
  const std::stop_callback on_stop(
      stop_.get_token(), [this] { asio::post(context_, [this] { watch_.request_stop(); }); });
  asio::co_spawn(context_, finish(), rethrow);
  context_.run();
  current_ = nullptr;
}

/// Does not wait for what a backend left running, such as a name look-up.
asio::awaitable<void> Run::finish() {
  co_await watch_.done();
  context_.stop();
}

/// The instances of an engine that was named twice, or by two paths, appear once.
Listing merge(const std::vector<Engine>& engines, std::vector<EngineList> answers) {
  Listing listing;
  std::vector<InstancePtr> all;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    auto& instances = answers[i].instances;
    if (!instances) {
      listing.errors.push_back({engines[i], std::move(instances.error())});
      continue;
    }
    std::ranges::move(*instances, std::back_inserter(all));
  }
  keep_first_of_each(all);
  std::map<InstanceKey, InstancePtr> by_key;
  for (InstancePtr& instance : all) by_key.emplace(instance->key, std::move(instance));
  for (auto& [key, instance] : by_key) listing.instances.push_back(std::move(instance));
  return listing;
}

}  // namespace

struct Watcher::Impl {
  std::shared_ptr<const WatcherOptions> options;
  std::mutex mutex{};  // guards the two below; never taken on the run's own thread
  std::shared_ptr<Run> run{};
  std::thread thread{};

  /// The caller holds the mutex.
  void finish() {
    if (!run) return;
    run->request_stop();
    thread.join();
    run.reset();
  }
};

Watcher::Watcher(WatcherOptions options)
    : impl_(std::make_unique<Impl>(std::make_shared<const WatcherOptions>(std::move(options)))) {}

Watcher::~Watcher() {
  Run* const calling = Run::calling(impl_.get());
  if (calling == nullptr) {
    stop();
    return;
  }
  // The thread keeps the run, and ends by itself.
  calling->request_stop();
  calling->disown();
  impl_->thread.detach();
}

std::optional<RuntimeError> Watcher::start() {
  if (const Run* calling = Run::calling(impl_.get()); calling != nullptr) {
    if (!calling->stopping()) return {};
    return RuntimeError{.kind = ErrorKind::busy,
                        .what = "the watcher is stopping, and waits for this very callback",
                        .remedy = "start it when the callback has returned"};
  }
  const std::scoped_lock lock(impl_->mutex);
  if (impl_->run && !impl_->run->stopping()) return {};
  impl_->finish();
  auto run = std::make_shared<Run>(impl_->options, impl_.get());
  if (auto error = run->begin()) return error;
  impl_->thread = std::thread([run] { run->work(); });
  impl_->run = std::move(run);
  return {};
}

void Watcher::stop() {
  if (Run* calling = Run::calling(impl_.get()); calling != nullptr) {
    calling->request_stop();
    return;
  }
  const std::scoped_lock lock(impl_->mutex);
  impl_->finish();
}

Listing Watcher::list(std::chrono::milliseconds timeout) const {
  const std::vector<Engine>& engines = impl_->options->engines;
  std::vector<EngineList> answers;
  for (const Engine& engine : engines) {
    answers.push_back(
        {.choice = {.kind = engine.kind, .options = backend_options(engine, *impl_->options)},
         .where = engine.endpoint.empty() ? std::string(to_string(engine.kind)) : engine.endpoint});
  }
  list_engines(answers, timeout, "see whether the engine hangs, or give it longer");
  return merge(engines, std::move(answers));
}

}  // namespace rollcall
