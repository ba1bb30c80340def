// Runs an sd-bus connection on an Asio executor.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "transport/dbus/message.hpp"

namespace rollcall {

/// Reads, writes and handles timeouts as the connection needs it, until it breaks or is closed.
class DbusLoop : public std::enable_shared_from_this<DbusLoop> {
 public:
  /// Takes ownership of the connection, which must have been started.
  DbusLoop(boost::asio::any_io_executor executor, sd_bus* bus);
  ~DbusLoop();
  DbusLoop(const DbusLoop&) = delete;
  DbusLoop& operator=(const DbusLoop&) = delete;

  [[nodiscard]] sd_bus* bus() const noexcept { return bus_; }

  /// Receives all messages that are not answers to calls. It must not close the loop.
  std::function<void(const DbusMessage&)> on_message;
  /// Called after each turn that received something; after the last turn with the reason of the end
  /// (a negative errno). It may close the loop.
  std::function<void(int result)> on_turn;

  /// Call this after sending: it updates the events and the timeout that are waited for.
  void wake();

  /// Closes the connection; no handler is called after that. Must not be called while a message is
  /// being handled.
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
