// One connection: reads requests and writes answers until one side ends it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "core/async/task_group.hpp"
#include "documents/stats.hpp"
#include "server/access/admission.hpp"
#include "server/access/guests.hpp"
#include "server/http/reply.hpp"
#include "server/http/request.hpp"
#include "server/options.hpp"
#include "transport/stream.hpp"

namespace rollcall::server {

/// The decision about a request, made before it costs anything.
struct Verdict {
  std::optional<Reply> refusal{};  ///< Sent instead of an answer.
  bool trusted = false;            ///< As Client::trusted.
  bool always = false;             ///< Answered even beyond the limit of requests in flight.
  /// The client keeps its place while it is answered, however slowly it reads.
  bool keeps_place = true;
};

/// Decides about requests and answers them.
class Responder {
 public:
  virtual ~Responder() = default;

  /// Decides by the head of the request only; the body has not been read.
  [[nodiscard]] virtual Verdict judge(const Request& request, const Client& client) = 0;

  /// Must not wait: an answer that takes time is a LiveBody.
  [[nodiscard]] virtual Reply answer(const Request& request, const Client& client) = 0;
};

/// The state that all connections of a server share. Lifetime: outlives them.
struct Shared {
  const Limits& limits;
  Responder& responder;
  Stats& stats;
  TaskGroup& tasks;         ///< For tasks beside a connection.
  bool stopping = false;    ///< No connection is kept.
  std::size_t parting = 0;  ///< Refused connections that are not closed yet.
};

/// Serves until the client leaves, breaks a limit or takes too long; then closes the stream.
boost::asio::awaitable<void> serve(std::shared_ptr<Stream> stream, GuestPtr guest, Shared& shared);

/// Sends `words` to a client without a place, then discards for a moment what it still sends: a
/// socket that is closed with unread bytes is reset, and the refusal may be lost with it. One
/// deadline covers both. Returns at once if too many connections are parting already.
boost::asio::awaitable<void> part(Stream& stream, Shared& shared, std::string_view words = {});

}  // namespace rollcall::server
