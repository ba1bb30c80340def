// The daemon as a service of systemd: readiness, status, watchdog, and sockets that were passed.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <rollcall/result.hpp>

namespace rollcall::cli::daemon {

/// Tells the service manager of this process; without one it does nothing.
///
/// Threads: any. Never waits: a manager that does not read loses the message.
class ServiceManager {
 public:
  /// Takes the passed sockets and unsets the manager's variables, so that no child inherits them.
  ServiceManager();

  void ready(std::string_view status) const;
  void status(std::string_view text) const;
  void reloading() const;
  void stopping() const;

  /// How often the watchdog must hear from us; nothing: there is no watchdog.
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog() const noexcept {
    return watchdog_;
  }

  /// Feeds the watchdog at half that interval, as long as the executor runs.
  [[nodiscard]] boost::asio::awaitable<void> keep_alive() const;

  struct Passed {
    int fd;
    std::string name;  ///< FileDescriptorName= of the socket; may be empty.
  };

  /// Sockets to listen on. Errors: invalid_config, for one that does not listen.
  [[nodiscard]] Result<std::vector<Passed>> passed() const;

 private:
  void notify(std::string text) const;

  std::string address_;
  mutable bool owes_ready_ = false;  // READY=1 could not be sent yet
  std::optional<std::chrono::microseconds> watchdog_;
  std::vector<Passed> passed_;
};

}  // namespace rollcall::cli::daemon
