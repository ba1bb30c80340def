#include "server/connection.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <exception>
#include <string_view>
#include <utility>
#include <variant>

#include <boost/system/system_error.hpp>

#include "server/problem.hpp"

namespace rollcall::server {

namespace asio = boost::asio;

namespace {

constexpr std::size_t piece = std::size_t{64} << 10U;
/// A body as small as this goes with its head, in one packet.
constexpr std::size_t small_body = std::size_t{16} << 10U;
/// What a subscriber, or one that was refused, may still send.
constexpr std::size_t most_ignored = std::size_t{64} << 10U;

bool took_too_long(const Result<void>& written) {
  return !written && written.error().fault == ConnectFault::mute;
}

/// False: the client has gone, or reads too slowly.
asio::awaitable<bool> send(Stream& stream, std::string_view bytes, Shared& shared) {
  while (!bytes.empty()) {
    auto written = co_await stream.write(bytes.substr(0, piece), shared.limits.write);
    if (took_too_long(written)) ++shared.stats.stalled;
    if (!written) co_return false;
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  co_return true;
}

asio::awaitable<bool> send_reply(Stream& stream, const Reply& reply, Persistence persistence,
                                 bool head_only, Shared& shared) {
  std::string head = head_of(reply, persistence, http_date(std::time(nullptr)));
  const bool has_body = !head_only && reply.body && reply.status != 304;
  if (has_body && reply.body->size() <= small_body) head += *reply.body;
  if (!co_await send(stream, head, shared)) co_return false;
  if (!has_body || reply.body->size() <= small_body) co_return true;
  co_return co_await send(stream, *reply.body, shared);
}

/// Reads what nobody wants, until the client leaves or has said too much.
asio::awaitable<void> ignore(Stream& stream, Milliseconds deadline) {
  std::array<char, 512> unwanted{};
  std::size_t total = 0;
  while (total < most_ignored) {
    auto size = co_await stream.read_some(unwanted, deadline);
    if (!size || *size == 0) co_return;
    total += *size;
  }
}

asio::awaitable<void> mind_client(std::shared_ptr<Stream> stream, std::shared_ptr<LiveBody> body) {
  co_await ignore(*stream, Milliseconds::zero());
  body->close();
}

asio::awaitable<void> tell(std::shared_ptr<Stream> stream, std::shared_ptr<LiveBody> body,
                           Shared& shared) {
  // It holds the stream, too, so it may unwind after us.
  TaskGroup beside = TaskGroup::within(shared.tasks);
  beside.spawn(mind_client(stream, body));
  for (;;) {
    auto waiting = body->next();
    const SharedText text = co_await std::move(waiting);
    if (!text) break;
    if (!co_await send(*stream, *text, shared)) break;
  }
  beside.cancel();
}

/// A socket that is closed while bytes are unread is reset, and the answer may be lost with it.
asio::awaitable<void> send_last(Stream& stream, const Reply& reply, bool head_only,
                                Shared& shared) {
  ++shared.stats.refused_requests;
  const bool sent = co_await send_reply(stream, reply, Persistence::close, head_only, shared);
  if (sent) co_await ignore(stream, shared.limits.drain);
}

Reply answer_of(const Request& request, const Client& client, Shared& shared) {
  if (shared.stats.in_flight > shared.limits.requests_in_flight) {
    ++shared.stats.refused_requests;
    Reply busy = problem(503, "too many requests are being answered: ask again soon");
    busy.headers.emplace_back("Retry-After", "1");
    return busy;
  }
  try {
    return shared.responder.answer(request, client);
  } catch (const std::exception& e) {
    return problem(500, e.what());
  }
}

struct Outcome {
  bool keep = false;                         ///< Another request may follow.
  std::shared_ptr<LiveBody> live = nullptr;  ///< What is said from now on.
};

asio::awaitable<Outcome> serve_one(Stream& stream, const Request& request, const Client& client,
                                   Shared& shared) {
  const Counted in_flight(shared.stats.in_flight);
  ++shared.stats.requests;
  const bool head_only = request.method == "HEAD";
  if (!request.header("expect").empty()) {
    const Reply reply = problem(417, "nothing is expected of this server but an answer");
    co_await send_last(stream, reply, head_only, shared);
    co_return Outcome{};
  }
  const Reply reply = answer_of(request, client, shared);
  const bool keep = request.keep_alive && !shared.stopping && !reply.live;
  const Persistence persistence = keep ? Persistence::keep_alive : Persistence::close;
  if (!co_await send_reply(stream, reply, persistence, head_only, shared)) co_return Outcome{};
  co_return Outcome{.keep = keep, .live = head_only ? nullptr : reply.live};
}

}  // namespace

asio::awaitable<void> serve(std::shared_ptr<Stream> stream, Client client, Shared& shared) {
  RequestReader reader(*stream, shared.limits);
  for (;;) {
    auto reading = reader.next();
    const Read read = co_await std::move(reading);
    if (std::holds_alternative<Ended>(read)) co_return;
    if (const auto* refusal = std::get_if<Refusal>(&read)) {
      const Reply reply = problem(refusal->status, refusal->what);
      co_await send_last(*stream, reply, false, shared);
      co_return;
    }
    auto serving = serve_one(*stream, std::get<Request>(read), client, shared);
    const Outcome outcome = co_await std::move(serving);
    if (outcome.live) co_await tell(stream, outcome.live, shared);
    if (!outcome.keep) co_return;
  }
}

}  // namespace rollcall::server
