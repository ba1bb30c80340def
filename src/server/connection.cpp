#include "server/connection.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <exception>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "core/budgets.hpp"
#include "server/http/problem.hpp"

namespace rollcall::server {

namespace asio = boost::asio;

namespace {

constexpr std::size_t piece = std::size_t{64} << 10U;
/// A body up to this size is sent with its head in one packet.
constexpr std::size_t small_body = std::size_t{16} << 10U;
/// How much a subscriber or a refused client may still send.
constexpr std::size_t most_ignored = budget::ignored_bytes;

using Clock = std::chrono::steady_clock;

bool took_too_long(const Result<void>& written) {
  return !written && written.error().fault == ConnectFault::mute;
}

Milliseconds until(Clock::time_point end) {
  return std::chrono::ceil<Milliseconds>(end - Clock::now());
}

/// False: the client has gone, reads one piece or the whole too slowly, or the text was given up.
asio::awaitable<bool> send(Stream& stream, std::string_view bytes, Clock::time_point end,
                           Shared& shared, const bool* given_up = nullptr) {
  while (!bytes.empty()) {
    const Milliseconds wait = std::min(shared.limits.write, until(end));
    if (wait.count() <= 0 || (given_up != nullptr && *given_up)) {
      ++shared.stats.stalled;
      co_return false;
    }
    auto written = co_await stream.write(bytes.substr(0, piece), wait);
    if (took_too_long(written)) ++shared.stats.stalled;
    if (!written) co_return false;
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  co_return true;
}

asio::awaitable<bool> send_reply(Stream& stream, const Reply& reply, Persistence persistence,
                                 bool head_only, Shared& shared) {
  const auto end = Clock::now() + shared.limits.answer;
  std::string head = head_of(reply, persistence, http_date(std::time(nullptr)));
  const bool has_body = !head_only && reply.body && reply.status != 304;
  if (has_body && reply.body->size() <= small_body) head += *reply.body;
  if (!co_await send(stream, head, end, shared)) co_return false;
  if (!has_body || reply.body->size() <= small_body) co_return true;
  co_return co_await send(stream, *reply.body, end, shared, reply.given_up.get());
}

/// Reads and discards until the client leaves, has sent too much, or the time is over.
asio::awaitable<void> ignore(Stream& stream, std::optional<Clock::time_point> end) {
  std::array<char, 512> unwanted{};
  std::size_t total = 0;
  while (total < most_ignored) {
    const Milliseconds wait = end ? until(*end) : Milliseconds::zero();
    if (end && wait.count() <= 0) co_return;
    auto size = co_await stream.read_some(unwanted, wait);
    if (!size || *size == 0) co_return;
    total += *size;
  }
}

asio::awaitable<void> mind_client(std::shared_ptr<Stream> stream, std::shared_ptr<LiveBody> body) {
  co_await ignore(*stream, std::nullopt);
  body->close();
}

asio::awaitable<void> tell(std::shared_ptr<Stream> stream, std::shared_ptr<LiveBody> body,
                           Shared& shared) {
  // The task shares the stream, so it may unwind after this function.
  TaskGroup beside = TaskGroup::within(shared.tasks);
  beside.spawn(mind_client(stream, body));
  for (;;) {
    auto waiting = body->next();
    const SharedText text = co_await std::move(waiting);
    if (!text) break;
    if (!co_await send(*stream, *text, Clock::now() + shared.limits.answer, shared)) break;
  }
  beside.cancel();
}

/// Sends a refusal and ends the connection. The client's place is freed as soon as the refusal is
/// written, not when the client has read it.
asio::awaitable<void> send_last(Stream& stream, Guests::Guest& guest, const Reply& reply,
                                bool head_only, Shared& shared) {
  const bool sent = co_await send_reply(stream, reply, Persistence::close, head_only, shared);
  guest.leave();
  if (sent) co_await part(stream, shared);
}

Persistence persistence_of(const Request& request, const Reply& reply, const Shared& shared) {
  const bool keep = request.keep_alive && !shared.stopping && !reply.live;
  return keep ? Persistence::keep_alive : Persistence::close;
}

bool is_busy(const Client& client, const Shared& shared) {
  const Stats& stats = shared.stats;
  const std::size_t in_flight =
      client.trusted ? stats.trusted_in_flight : stats.in_flight - stats.trusted_in_flight;
  return in_flight >= shared.limits.requests_in_flight;
}

/// The refusal to send instead of an answer; nothing: answer the request.
std::optional<Reply> objection(const Request& request, Verdict& verdict) {
  if (verdict.refusal) return std::move(verdict.refusal);
  if (!expects_too_much(request)) return std::nullopt;
  return problem(417, "nothing is expected of this server but an answer, and it takes no body");
}

Reply busy_reply() {
  Reply busy = problem(503, "too many requests are being answered: ask again soon");
  busy.headers.emplace_back("Retry-After", "1");
  return busy;
}

Reply answer_of(const Request& request, const Client& client, Shared& shared) {
  try {
    return shared.responder.answer(request, client);
  } catch (const std::exception& e) {
    return problem(500, e.what());
  } catch (...) {
    return problem(500, "what was thrown is no exception");
  }
}

/// A request that is being answered.
class Answering {
 public:
  Answering(Guests::Guest& guest, bool keeps_place, Stats& stats) : in_flight_(stats.in_flight) {
    if (keeps_place) busy_.emplace(guest);
    if (guest.client().trusted) trusted_.emplace(stats.trusted_in_flight);
  }

 private:
  std::optional<Guests::Guest::Busy> busy_;
  Counted in_flight_;
  std::optional<Counted> trusted_;
};

/// One request of a connection, to the end of its answer.
class Exchange {
 public:
  Exchange(std::shared_ptr<Stream> stream, Guests::Guest& guest, Shared& shared)
      : stream_(std::move(stream)), guest_(guest), shared_(shared) {}

  /// False: the connection is over.
  asio::awaitable<bool> run(RequestReader& reader) {
    auto reading = reader.next();
    const Read read = co_await std::move(reading);
    if (std::holds_alternative<Ended>(read)) co_return false;
    if (const auto* refusal = std::get_if<Refusal>(&read)) {
      auto refusing = refuse(*refusal);
      co_return co_await std::move(refusing);
    }
    auto serving = serve(std::get<Request>(read), reader);
    co_return co_await std::move(serving);
  }

 private:
  asio::awaitable<bool> refuse(const Refusal& refusal) {
    ++shared_.stats.refused_requests;
    const Reply reply = problem(refusal.status, refusal.what);
    co_await send_last(*stream_, guest_, reply, false, shared_);
    co_return false;
  }

  asio::awaitable<bool> object(const Request& request, const Reply& reply) {
    ++shared_.stats.refused_requests;
    const bool head_only = request.method == "HEAD";
    if (request.has_body) {
      co_await send_last(*stream_, guest_, reply, head_only, shared_);
      co_return false;
    }
    const Persistence persistence = persistence_of(request, reply, shared_);
    const bool sent = co_await send_reply(*stream_, reply, persistence, head_only, shared_);
    co_return sent&& persistence == Persistence::keep_alive;
  }

  asio::awaitable<bool> serve(const Request& request, RequestReader& reader) {
    ++shared_.stats.requests;
    Verdict verdict = shared_.responder.judge(request, guest_.client());
    guest_.trust(verdict.trusted);
    if (const auto reply = objection(request, verdict)) {
      auto objecting = object(request, *reply);
      co_return co_await std::move(objecting);
    }
    auto skipping = reader.skip_body();
    const std::optional<Broken> broken = co_await std::move(skipping);
    if (broken && std::holds_alternative<Ended>(*broken)) co_return false;
    if (broken) {
      auto refusing = refuse(std::get<Refusal>(*broken));
      co_return co_await std::move(refusing);
    }
    if (!verdict.always && is_busy(guest_.client(), shared_)) {
      const Reply busy = busy_reply();
      auto objecting = object(request, busy);
      co_return co_await std::move(objecting);
    }
    auto answering = answer(request, verdict);
    co_return co_await std::move(answering);
  }

  asio::awaitable<bool> answer(const Request& request, const Verdict& verdict) {
    // Answers of `always` routes are short; a client that does not read them may be sent away.
    std::optional<Answering> answering;
    if (!verdict.always) answering.emplace(guest_, verdict.keeps_place, shared_.stats);
    const Reply reply = answer_of(request, guest_.client(), shared_);
    const Persistence persistence = persistence_of(request, reply, shared_);
    const bool head_only = request.method == "HEAD";
    if (!co_await send_reply(*stream_, reply, persistence, head_only, shared_)) co_return false;
    if (reply.live && !head_only) {
      const Guests::Guest::Busy busy(guest_);
      answering.reset();
      co_await tell(stream_, reply.live, shared_);
    }
    co_return persistence == Persistence::keep_alive;
  }

  std::shared_ptr<Stream> stream_;
  Guests::Guest& guest_;
  Shared& shared_;
};

}  // namespace

asio::awaitable<void> part(Stream& stream, Shared& shared, std::string_view words) {
  if (shared.parting >= budget::parting_connections || shared.limits.drain.count() <= 0) co_return;
  const Counted parting(shared.parting);
  const auto end = Clock::now() + shared.limits.drain;
  if (!words.empty()) {
    auto written = co_await stream.write(words, shared.limits.drain);
    if (!written) co_return;
  }
  co_await ignore(stream, end);
}

asio::awaitable<void> serve(std::shared_ptr<Stream> stream, GuestPtr guest, Shared& shared) {
  RequestReader reader(*stream, shared.limits);
  Exchange exchange(stream, *guest, shared);
  for (;;) {
    auto running = exchange.run(reader);
    if (!co_await std::move(running)) co_return;
  }
}

}  // namespace rollcall::server
