// One connection: requests in, answers out, until one of both has had enough.
#pragma once

#include <memory>

#include <boost/asio/awaitable.hpp>

#include "engine/task_group.hpp"
#include "server/admission.hpp"
#include "server/options.hpp"
#include "server/reply.hpp"
#include "server/request.hpp"
#include "server/stats.hpp"
#include "transport/stream.hpp"

namespace rollcall::server {

/// Who knows the answers.
class Responder {
 public:
  virtual ~Responder() = default;

  /// Must not wait: what takes time is a LiveBody.
  [[nodiscard]] virtual Reply answer(const Request& request, const Client& client) = 0;
};

/// What all connections of a server share; outlives them.
struct Shared {
  const Limits& limits;
  Responder& responder;
  Stats& stats;
  TaskGroup& tasks;       ///< For what runs beside a connection.
  bool stopping = false;  ///< No connection is kept.
};

/// Serves until the client leaves, breaks a limit or takes too long; then the stream is let go.
boost::asio::awaitable<void> serve(std::shared_ptr<Stream> stream, Client client, Shared& shared);

}  // namespace rollcall::server
