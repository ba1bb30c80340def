#include "cli/daemon/daemon.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <sys/resource.h>

#include "assembly/engine_choice.hpp"
#include "cli/commands.hpp"
#include "cli/daemon/check.hpp"
#include "core/async/run.hpp"
#include "core/failure.hpp"
#include "core/masking.hpp"
#include "server/listening/socket_file.hpp"

namespace rollcall::cli::daemon {
namespace {

namespace asio = boost::asio;

/// Each connection takes a descriptor, and the usual soft limit only suits programs that call
/// select().
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
}

/// Short enough not to be noticed; in a burst it makes fewer, larger batches for subscribers.
constexpr Milliseconds gather{2};

bool same_engines(const Config& a, const Config& b) {
  return a.runtimes == b.runtimes && a.engines == b.engines &&
         a.runtime_options == b.runtime_options;
}

EngineIdentity identity_of(const SelectedEngine& engine) {
  const EngineChoice& choice = engine.choice;
  std::optional<TlsOptions> tls = choice.options.tls;
  if (choice.place && choice.place->tls) tls = choice.place->tls;
  if (tls) {
    // A renewed certificate is no other engine: drivers read it again for each connection.
    for (Pem* pem : {&tls->authority, &tls->certificate, &tls->key, &tls->pinned}) pem->text = {};
  }
  return {.kind = choice.kind,
          .url = engine.url(),
          .alias = choice.options.alias,
          .tls = std::move(tls),
          .runtime_options = choice.options.runtime_options};
}

}  // namespace

Daemon::Daemon(Loaded loaded, Sources sources)
    : sources_(std::move(sources)),
      loaded_(std::move(loaded)),
      log_(loaded_.config.log, sources_.getenv, context_.get_executor()),
      hub_(context_.get_executor(), env_,
           {.log = loaded_.config.change_log,
            .gather = gather,
            .grace = loaded_.config.grace,
            .logger = [this](LogLevel level, std::string_view message) { say(level, message); }}),
      api_(context_.get_executor(), hub_, env_, server_options_, stats_, ROLLCALL_VERSION),
      server_(context_.get_executor(), server_options_, api_, stats_, log_.logger()),
      stop_signals_(context_, SIGINT, SIGTERM),
      reload_signals_(context_, SIGHUP) {
  reveal_secrets(loaded_.config.reveal);
}

int Daemon::run() {
  raise_descriptor_limit();
  if (!start()) {
    spawn(end());
    context_.run();
    return failure;
  }
  spawn(heed_stop());
  spawn(heed_reload());
  spawn(tell_when_settled());
  spawn(manager_.keep_alive());
  ready_ = true;
  manager_.ready(status());
  context_.run();
  // Code that hangs still uses these objects, so they are left to the end of the process.
  if (overdue_) std::_Exit(success);
  return success;
}

void Daemon::spawn(asio::awaitable<void> work) {
  asio::co_spawn(context_, std::move(work), rethrow);
}

bool Daemon::take_passed_sockets() {
  auto passed = manager_.passed();
  if (!passed) {
    log_.write(LogLevel::error, passed.error().describe());
    return false;
  }
  passed_ = std::move(*passed);
  sources_.sockets_passed = !passed_.empty();
  return true;
}

/// Sockets from a service manager replace the defaults, but not what the configuration says.
server::ServerOptions Daemon::wanted_server(const Loaded& loaded) const {
  server::ServerOptions options = loaded.server;
  if (passed_.empty()) return options;
  if (!loaded.origins.contains("listen")) options.tcp.clear();
  if (!loaded.origins.contains("socket")) options.sockets.clear();
  for (const ServiceManager::Passed& socket : passed_) options.passed.push_back(socket.fd);
  return options;
}

bool Daemon::start() {
  if (!take_passed_sockets()) return false;
  server_options_ = wanted_server(loaded_);
  for (const server::UnixListener& socket : server_options_.sockets) {
    server::make_folder_of(socket.path);
  }
  say(LogLevel::info, fmt::format("rollcall {} starts with {}", ROLLCALL_VERSION,
                                  loaded_.file.empty() ? "no configuration file" : loaded_.file));
  if (const auto listening = server_.listen(); !listening) {
    log_.write(LogLevel::error, listening.error().describe());
    return false;
  }
  return watch_engines(loaded_.config);
}

bool Daemon::add(SelectedEngine engine, bool one_of_several) {
  EngineIdentity identity = identity_of(engine);
  // The hub logs connections as changes of state, so the backends' own lines are not needed.
  engine.choice.options.log = [this](LogLevel level, std::string_view message) {
    log_.write(level == LogLevel::info ? LogLevel::debug : level, message);
  };
  SourceSpec spec = source_of(std::move(engine.choice), context_.get_executor(), engine.named);
  spec.one_of_several = one_of_several;
  const SourceSpec refused{.kind = spec.kind,
                           .endpoint = spec.endpoint,
                           .named = spec.named,
                           .one_of_several = one_of_several};
  auto added = hub_.add(std::move(spec));
  if (added) {
    engines_.push_back({std::move(identity), *added});
    return true;
  }
  log_.write(engine.named ? LogLevel::error : LogLevel::warning, added.error().describe());
  refused_.push_back(hub_.add_failed(refused, added.error()));
  return !engine.named;
}

/// Leaves alone engines that are watched already and configured as before.
bool Daemon::watch_engines(const Config& config) {
  BackendOptions common = backend_options(config);
  common.getenv = sources_.getenv;
  std::vector<EngineIdentity> wanted;
  bool all_added = true;
  for (const SourceId source : std::exchange(refused_, {})) hub_.remove(source);
  const std::vector<SelectedEngine> engines = engines_to_watch(selection_of(config), common);
  for (const SelectedEngine& engine : engines) {
    wanted.push_back(identity_of(engine));
    const auto at = std::ranges::find(engines_, wanted.back(), &WatchedEngine::identity);
    if (at != engines_.end()) continue;
    const bool one_of_several =
        std::ranges::count(engines, engine.request, &SelectedEngine::request) > 1;
    if (!add(engine, one_of_several)) all_added = false;
  }
  std::erase_if(engines_, [&](const WatchedEngine& engine) {
    if (std::ranges::find(wanted, engine.identity) != wanted.end()) return false;
    hub_.remove(engine.source);
    return true;
  });
  return all_added;
}

asio::awaitable<void> Daemon::tell_when_settled() {
  auto settling = hub_.wait_settled();
  co_await std::move(settling);
  give_back_memory();
  tell_status();
}

asio::awaitable<void> Daemon::heed_stop() {
  auto waiting = stop_signals_.async_wait(asio::as_tuple(asio::use_awaitable));
  const auto [error, signal] = co_await std::move(waiting);
  if (error) co_return;
  stop_signals_.clear();  // a second signal then ends the process at once
  manager_.stopping();
  log_.write(LogLevel::info, signal == SIGINT ? "stopping: SIGINT" : "stopping: SIGTERM");
  asio::steady_timer limit(context_, longest_stop);
  limit.async_wait([this](boost::system::error_code cancelled) {
    if (cancelled) return;
    log_.write(LogLevel::warning, "not all has ended in time");
    overdue_ = true;
    context_.stop();
  });
  auto ending = end();
  co_await std::move(ending);
  log_.write(LogLevel::info, "stopped");
}

asio::awaitable<void> Daemon::end() {
  auto leaving = server_.stop();
  co_await std::move(leaving);
  auto ending = hub_.stop();
  co_await std::move(ending);
  context_.stop();
}

asio::awaitable<void> Daemon::heed_reload() {
  for (;;) {
    auto waiting = reload_signals_.async_wait(asio::as_tuple(asio::use_awaitable));
    const auto [error, signal] = co_await std::move(waiting);
    if (error) co_return;
    manager_.reloading();
    reload();
    manager_.ready(status());
  }
}

void Daemon::reload() {
  Loaded next = load(sources_);
  for (const std::string& error : next.errors) log_.write(LogLevel::error, error);
  if (!next.errors.empty() || !apply(std::move(next))) {
    log_.write(LogLevel::error, "the configuration stays as it was");
    return;
  }
  log_.write(LogLevel::info, loaded_.file.empty() ? "the configuration was read anew"
                                                  : "read anew: " + loaded_.file);
}

bool Daemon::apply(Loaded next) {
  auto wanted = wanted_server(next);
  std::swap(server_options_, wanted);
  if (const auto listening = server_.listen(); !listening) {
    std::swap(server_options_, wanted);
    log_.write(LogLevel::error, listening.error().describe());
    return false;
  }
  log_.set_level(next.config.log.level);
  say_what_stays(next.config);
  const bool other_engines = !same_engines(next.config, loaded_.config);
  loaded_ = std::move(next);
  // An engine that cannot be added is reported; the others are watched all the same.
  if (other_engines) static_cast<void>(watch_engines(loaded_.config));
  return true;
}

/// Names the settings that only a start can change.
void Daemon::say_what_stays(const Config& next) {
  const Config& now = loaded_.config;
  const auto tell = [this](bool differs, std::string_view key) {
    if (!differs) return;
    log_.write(LogLevel::warning, fmt::format("{} takes effect at the next start", key));
  };
  tell(next.grace != now.grace, "grace");
  tell(next.reveal != now.reveal, "reveal");
  tell(next.change_log.entries != now.change_log.entries ||
           next.change_log.bytes != now.change_log.bytes,
       "change_log");
  tell(next.log.format != now.log.format, "log.format");
}

void Daemon::say(LogLevel level, std::string_view message) {
  log_.write(level, message);
  tell_status();
}

void Daemon::tell_status() {
  if (ready_) manager_.status(status());
}

std::string Daemon::status() const {
  const std::vector<SourceStatus> all = hub_.sources();
  const auto ready = std::ranges::count(all, SourceState::ready, &SourceStatus::state);
  std::size_t instances = 0;
  for (const SourceStatus& source : all) instances += source.instances;
  std::string text =
      fmt::format("{} instances, {} of {} engines ready", instances, ready, all.size());
  const auto missing = awaited(all, env_->monotonic(), Duration::max());
  for (const SourceStatus& source : missing) text += fmt::format("; awaits {}", name_of(source));
  return text;
}

}  // namespace rollcall::cli::daemon
