// The server: its doors, and the connections that came in through them.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <rollcall/log.hpp>
#include <rollcall/result.hpp>

#include "engine/task_group.hpp"
#include "server/connection.hpp"
#include "server/guests.hpp"
#include "server/listener.hpp"
#include "server/options.hpp"
#include "server/stats.hpp"
#include "transport/tls_server.hpp"

namespace rollcall::server {

/// Serves what a Responder knows.
///
/// Lifetime: await stop() before destroying it; the responder and the stats outlive it. Threads:
/// one executor.
class Server {
 public:
  /// `options` stay the caller's, who may change token, hosts and limits at any time.
  Server(const boost::asio::any_io_executor& executor, const ServerOptions& options,
         Responder& responder, Stats& stats, Logger log);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Listens everywhere that the options say. Again: what is no longer named is closed, what is new
  /// is opened, and connections stay; if anything cannot be opened, all is as it was before.
  ///
  /// Errors: those of check(), of Listener::open and of tls::ServerIdentity::open.
  Result<void> listen();

  /// Lets nobody in any more, gives answers under way a moment, then lets all connections go.
  [[nodiscard]] boost::asio::awaitable<void> stop();

  /// Where it can be found: "http://127.0.0.1:7655", "unix:///run/rollcall/rollcall.sock".
  [[nodiscard]] std::vector<std::string> urls() const;

 private:
  struct Door;
  using Doors = std::map<std::string, std::shared_ptr<Door>>;

  Result<Doors> open_doors();
  Result<void> load_identity();
  boost::asio::awaitable<void> let_in(std::shared_ptr<Door> door);
  void admit(Accepted accepted);
  boost::asio::awaitable<void> attend(StreamPtr stream, std::shared_ptr<const Guests::Guest> guest);
  boost::asio::awaitable<void> turn_away(StreamPtr stream);
  void refresh_identity();
  void note(LogLevel level, std::string_view message) const;

  boost::asio::any_io_executor executor_;
  const ServerOptions& options_;
  Stats& stats_;
  Logger log_;
  TaskGroup doormen_;
  TaskGroup connections_;
  Guests guests_;
  Shared shared_;
  std::unique_ptr<tls::ServerIdentity> identity_;
  CertificateFiles identity_files_;
  Doors doors_;
  std::size_t being_refused_ = 0;  // connections that are told so now
};

}  // namespace rollcall::server
