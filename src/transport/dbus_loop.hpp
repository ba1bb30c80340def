// Runs an sd-bus connection on an Asio executor.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "transport/dbus_message.hpp"

namespace rollcall {

/// Reads, writes and times out whenever the connection wants to, until it breaks or is closed.
class DbusLoop : public std::enable_shared_from_this<DbusLoop> {
 public:
  /// Takes the connection, which must have been started.
  DbusLoop(boost::asio::any_io_executor executor, sd_bus* bus);
  ~DbusLoop();
  DbusLoop(const DbusLoop&) = delete;
  DbusLoop& operator=(const DbusLoop&) = delete;

  [[nodiscard]] sd_bus* bus() const noexcept { return bus_; }

  /// Takes what is no answer to a call. It must not close the loop.
  std::function<void(const DbusMessage&)> on_message;
  /// Called after each turn in which something came, the last one with why it ended (a negative
  /// errno). It may close the loop.
  std::function<void(int result)> on_turn;

  /// Something was sent: waits anew for what the connection wants now.
  void wake();

  /// Ends it; calls nothing any more. Not to be called while a message is being taken.
  void close();

 private:
  void turn();
  void arm();
  void wait(bool& waiting, boost::asio::posix::stream_descriptor::wait_type what);

  sd_bus* bus_;
  boost::asio::posix::stream_descriptor descriptor_;
  boost::asio::steady_timer timer_;
  bool reading_ = false;
  bool writing_ = false;
  bool woken_ = false;
};

}  // namespace rollcall
