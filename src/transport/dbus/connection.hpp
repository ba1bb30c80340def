// A connection to a message bus: sd-bus, with its descriptor in Asio.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <rollcall/task.hpp>
#include <sys/types.h>

#include "transport/dbus/message.hpp"
#include "transport/endpoint.hpp"
#include "transport/stream.hpp"

namespace rollcall {

/// Nothing here blocks: calls are asynchronous, each with a deadline, and what cannot be sent or
/// read at once waits for the descriptor. One executor, no threads.
///
/// Answers and signals are delivered in the order in which they arrived, so a caller that stores
/// both always ends with the newest value.
class Dbus {
 public:
  /// Connects, signs on and waits for the name that the bus gives.
  ///
  /// Errors: those of connect_stream; denied, if the bus does not accept our credentials;
  /// not_this_api, if it is no message bus.
  [[nodiscard]] static Task<std::unique_ptr<Dbus>> connect(Endpoint endpoint,
                                                           Milliseconds deadline);
  ~Dbus();  ///< Closes it. Never while one of its calls is under way.
  Dbus(const Dbus&) = delete;
  Dbus& operator=(const Dbus&) = delete;

  /// Sets the handler of signals. It must not destroy the connection.
  void on_signal(std::function<void(const DbusMessage&)> take);

  /// Sets a handler that is called once, when the connection breaks. It is not called if the
  /// connection is destroyed.
  void on_end(std::function<void(const RuntimeError&)> take);

  /// Calls a method and waits for its answer.
  [[nodiscard]] boost::asio::awaitable<DbusReply> call(DbusCall call, Milliseconds deadline);

  using MakeCall = std::function<DbusCall(std::size_t index)>;
  /// Takes the answer to one call. It must not destroy the connection.
  using TakeReply = std::function<void(std::size_t index, const DbusReply& reply)>;

  /// Makes many calls, at most `most_in_flight` at once, and passes on each answer as it comes.
  /// Returns when all have been answered; each has the deadline, counted from when it was sent.
  [[nodiscard]] boost::asio::awaitable<void> call_all(std::size_t count, MakeCall make,
                                                      TakeReply take, Milliseconds deadline);

  static constexpr std::size_t most_in_flight = 32;

  [[nodiscard]] const std::string& url() const noexcept;

  /// The pid, in our namespace, of the process that called listen() on the socket. If a service
  /// manager starts the bus on demand, this is the manager. 0 if it cannot be seen.
  [[nodiscard]] pid_t listener() const;

 private:
  class Connection;
  class Batch;
  explicit Dbus(std::shared_ptr<Connection> connection);
  std::shared_ptr<Connection> connection_;
};

}  // namespace rollcall
