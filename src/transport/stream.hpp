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

/// One connection. One read and one write may overlap, but not two of a kind. The destructor closes
/// it.
class Stream {
 public:
  virtual ~Stream() = default;

  /// Reads at least one byte; 0 is the end of the stream. A zero `deadline` is no limit.
  ///
  /// Errors: unavailable; mute, if the deadline passed.
  [[nodiscard]] virtual Task<std::size_t> read_some(std::span<char> into,
                                                    Milliseconds deadline) = 0;

  /// Writes all of `data`.
  [[nodiscard]] virtual Task<void> write(std::string_view data, Milliseconds deadline) = 0;
};

using StreamPtr = std::unique_ptr<Stream>;

/// Connects. Errors: missing, denied, refused, unreachable or mute; for TLS and ssh also those of
/// secure_stream and open_ssh. Names are resolved anew each time. `deadline` holds for each step.
[[nodiscard]] Task<StreamPtr> connect_stream(Endpoint endpoint, Milliseconds deadline);

/// Wraps a connected Unix or TCP socket and takes ownership of it; null if the executor cannot wait
/// for it.
[[nodiscard]] StreamPtr stream_of(const boost::asio::any_io_executor& executor, int socket,
                                  Endpoint endpoint);

/// Converts a system error of connecting.
[[nodiscard]] std::unexpected<RuntimeError> connect_error(const boost::system::error_code& error,
                                                          const Endpoint& endpoint);

/// The error for nothing received within the deadline.
[[nodiscard]] std::unexpected<RuntimeError> mute_error(const Endpoint& endpoint,
                                                       Milliseconds deadline);

}  // namespace rollcall
