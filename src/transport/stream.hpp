// A connection as a stream of bytes, with a deadline on every wait.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/system/error_code.hpp>
#include <rollcall/task.hpp>

#include "transport/endpoint.hpp"

namespace rollcall {

using Milliseconds = std::chrono::milliseconds;

/// One connection. Reads and writes may not overlap their own kind. Destroying it closes it.
class Stream {
 public:
  virtual ~Stream() = default;

  /// Reads at least one byte; 0 is the end of the stream. Zero `deadline`: waits for ever.
  ///
  /// Errors: unavailable; mute, if the deadline passed.
  [[nodiscard]] virtual Task<std::size_t> read_some(std::span<char> into,
                                                    Milliseconds deadline) = 0;

  /// Writes all of it.
  [[nodiscard]] virtual Task<void> write(std::string_view data, Milliseconds deadline) = 0;
};

using StreamPtr = std::unique_ptr<Stream>;

/// Connects, or says whether it is missing, denied, refused, unreachable or mute; of TLS and ssh
/// those of secure_stream and open_ssh, too. Names are resolved each time. `deadline` holds for
/// each step of it.
[[nodiscard]] Task<StreamPtr> connect_stream(Endpoint endpoint, Milliseconds deadline);

/// The stream of a connected socket, Unix or TCP, which it takes; null if the executor cannot wait
/// for it.
[[nodiscard]] StreamPtr stream_of(const boost::asio::any_io_executor& executor, int socket,
                                  Endpoint endpoint);

/// What an error of the system means for who wants to connect.
[[nodiscard]] std::unexpected<RuntimeError> connect_error(const boost::system::error_code& error,
                                                          const Endpoint& endpoint);

/// Nothing came within the deadline.
[[nodiscard]] std::unexpected<RuntimeError> mute_error(const Endpoint& endpoint,
                                                       Milliseconds deadline);

}  // namespace rollcall
