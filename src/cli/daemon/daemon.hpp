// The daemon: engines, inventory, server, and the signals that move them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "cli/daemon/daemon_log.hpp"
#include "cli/daemon/load.hpp"
#include "cli/daemon/service.hpp"
#include "cli/selection.hpp"
#include "core/async/env.hpp"
#include "documents/stats.hpp"
#include "engine/hub.hpp"
#include "server/api/api.hpp"
#include "server/options.hpp"
#include "server/server.hpp"

namespace rollcall::cli::daemon {

/// The longest time from the first signal to the end; work that is left by then is abandoned.
inline constexpr std::chrono::milliseconds longest_stop{1500};

/// Everything that the watch of an engine is made from: any difference means another watch.
struct EngineIdentity {
  RuntimeBackendKind kind{};
  std::string url{};
  std::string alias{};
  std::optional<TlsOptions> tls{};
  RuntimeOptions runtime_options{};

  friend bool operator==(const EngineIdentity&, const EngineIdentity&) = default;
};

struct WatchedEngine {
  EngineIdentity identity;
  SourceId source{};
};

/// One run of `rollcall serve`, on one thread.
class Daemon {
 public:
  /// `loaded` has no errors. `sources`: where a reload reads the configuration from.
  Daemon(Loaded loaded, Sources sources);

  /// Serves until SIGTERM or SIGINT; SIGHUP reads the configuration anew. Returns the exit code.
  int run();

 private:
  [[nodiscard]] bool start();
  [[nodiscard]] bool take_passed_sockets();
  [[nodiscard]] server::ServerOptions wanted_server(const Loaded& loaded) const;
  [[nodiscard]] bool add(SelectedEngine engine, bool one_of_several);
  [[nodiscard]] bool watch_engines(const Config& config);

  boost::asio::awaitable<void> heed_stop();
  boost::asio::awaitable<void> heed_reload();
  boost::asio::awaitable<void> tell_when_settled();
  boost::asio::awaitable<void> end();
  void reload();
  [[nodiscard]] bool apply(Loaded next);
  void say_what_stays(const Config& next);

  void spawn(boost::asio::awaitable<void> work);
  void say(LogLevel level, std::string_view message);
  void tell_status();
  [[nodiscard]] std::string status() const;

  boost::asio::io_context context_{1};  // outlives all that is made on it
  Sources sources_;
  Loaded loaded_;
  DaemonLog log_;
  ServiceManager manager_;
  std::vector<ServiceManager::Passed> passed_;
  EnvPtr env_ = system_env();
  server::ServerOptions server_options_;
  server::Stats stats_;
  Hub hub_;
  server::Api api_;
  server::Server server_;
  std::vector<WatchedEngine> engines_;
  std::vector<SourceId> refused_;  // engines that can never be watched
  boost::asio::signal_set stop_signals_;
  boost::asio::signal_set reload_signals_;
  bool ready_ = false;
  bool overdue_ = false;  // the stop took too long
};

}  // namespace rollcall::cli::daemon
