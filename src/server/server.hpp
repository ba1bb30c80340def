// The server: its listeners and their connections.
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

#include "core/async/task_group.hpp"
#include "documents/stats.hpp"
#include "server/access/guests.hpp"
#include "server/access/local_peer.hpp"
#include "server/connection.hpp"
#include "server/listening/descriptor.hpp"
#include "server/listening/listener.hpp"
#include "server/options.hpp"
#include "transport/tls/server.hpp"

namespace rollcall::server {

/// Serves the answers of a Responder.
///
/// Lifetime: await stop() before destroying it; the responder and the stats outlive it. Threads:
/// one executor.
class Server {
 public:
  /// `options` stay the caller's; token, hosts and limits may change at any time.
  Server(const boost::asio::any_io_executor& executor, const ServerOptions& options,
         Responder& responder, Stats& stats, Logger log);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Listens as the options say. A later call closes listeners that are no longer named, opens new
  /// ones, and keeps connections; if one cannot be opened, nothing changes.
  ///
  /// Errors: those of check(), of Listener::open and of tls::ServerIdentity::open.
  Result<void> listen();

  /// Stops accepting, gives answers under way a moment, then closes all connections.
  [[nodiscard]] boost::asio::awaitable<void> stop();

  /// Where it listens: "http://127.0.0.1:7655", "unix:///run/rollcall/rollcall.sock".
  [[nodiscard]] std::vector<std::string> urls() const;

 private:
  struct Door;
  using Doors = std::map<std::string, std::shared_ptr<Door>>;

  Result<Doors> open_doors();
  Result<void> load_identity();
  boost::asio::awaitable<void> let_in(std::shared_ptr<Door> door);
  [[nodiscard]] bool is_stranger(const Accepted& accepted) const;
  boost::asio::awaitable<bool> let_one_in(Door& door);
  boost::asio::awaitable<void> let_next_in(Door& door, bool& exhausted);
  boost::asio::awaitable<void> admit(Accepted accepted);
  boost::asio::awaitable<void> lower(Descriptor& socket);
  void measure_descriptors();
  boost::asio::awaitable<void> attend(StreamPtr stream, GuestPtr guest);
  boost::asio::awaitable<void> serve_guest(StreamPtr stream, GuestPtr guest);
  boost::asio::awaitable<void> turn_away(StreamPtr stream);
  void refresh_identity();
  void note(LogLevel level, std::string_view message) const noexcept;

  boost::asio::any_io_executor executor_;
  const ServerOptions& options_;
  Stats& stats_;
  Logger log_;
  TaskGroup doormen_;
  TaskGroup connections_;
  Guests guests_;
  LocalUsers local_users_;
  Shared shared_;
  std::unique_ptr<tls::ServerIdentity> identity_;
  CertificateFiles identity_files_;
  Doors doors_;
  /// The descriptor numbers from which on too few are left for more clients: first for strangers,
  /// then for trusted clients. The last descriptors are reserved for the engines.
  int last_of_strangers_ = 0;
  int last_of_trusted_ = 0;
};

}  // namespace rollcall::server
