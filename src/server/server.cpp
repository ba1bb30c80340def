#include "server/server.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <ranges>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "server/problem.hpp"
#include "transport/endpoint.hpp"
#include "transport/stream.hpp"
#include "transport/tls.hpp"

namespace rollcall::server {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

/// Those beyond are closed without a word.
constexpr std::size_t most_being_refused = 64;
constexpr auto between_attempts = 50ms;
constexpr auto drain_step = 10ms;

/// For sentences about errors of the connection.
Endpoint endpoint_of(const Client& client) {
  if (client.door == Client::Door::unix_socket) return {.path = "client", .host = {}};
  return {.scheme = Endpoint::Scheme::tcp, .path = {}, .host = client.address};
}

asio::awaitable<void> pause(std::chrono::milliseconds duration) {
  asio::steady_timer timer(co_await asio::this_coro::executor, duration);
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace

struct Server::Door {
  Door(std::unique_ptr<Listener> l, TaskGroup g) : listener(std::move(l)), doorman(std::move(g)) {}

  std::unique_ptr<Listener> listener;
  TaskGroup doorman;
};

Server::Server(const asio::any_io_executor& executor, const ServerOptions& options,
               Responder& responder, Stats& stats, Logger log)
    : executor_(executor),
      options_(options),
      stats_(stats),
      log_(std::move(log)),
      doormen_(executor),
      connections_(executor),
      guests_(options.limits, stats),
      shared_{
          .limits = options.limits, .responder = responder, .stats = stats, .tasks = connections_} {
}

Server::~Server() = default;

void Server::note(LogLevel level, std::string_view message) const {
  if (log_) log_(level, message);
}

Result<void> Server::load_identity() {
  const CertificateFiles& files = options_.certificate;
  if (files == identity_files_) return {};
  if (files.certificate.empty()) {
    identity_.reset();
  } else {
    auto identity = tls::ServerIdentity::open({.file = files.certificate}, {.file = files.key});
    if (!identity) return fail(std::move(identity.error()));
    identity_ = std::move(*identity);
  }
  identity_files_ = files;
  return {};
}

Result<Server::Doors> Server::open_doors() {
  Doors all;
  const auto add = [&](const std::string& key, const auto& open) -> Result<void> {
    if (const auto before = doors_.find(key); before != doors_.end()) {
      all.insert(*before);
      return {};
    }
    Result<std::unique_ptr<Listener>> listener = open();
    if (!listener) return fail(std::move(listener.error()));
    all[key] = std::make_shared<Door>(std::move(*listener), TaskGroup::within(doormen_));
    return {};
  };
  for (const TcpListener& where : options_.tcp) {
    const std::string key = fmt::format("tcp {} {}", where.host, where.port);
    auto added = add(key, [&] { return Listener::open(executor_, where); });
    if (!added) return fail(std::move(added.error()));
  }
  for (const UnixListener& where : options_.sockets) {
    auto added = add("unix " + where.path, [&] { return Listener::open(executor_, where); });
    if (!added) return fail(std::move(added.error()));
  }
  for (const int socket : options_.passed) {
    auto added =
        add(fmt::format("passed {}", socket), [&] { return Listener::take(executor_, socket); });
    if (!added) return fail(std::move(added.error()));
  }
  return all;
}

Result<void> Server::listen() {
  if (auto fine = check(options_); !fine) return fine;
  auto doors = open_doors();
  if (!doors) return fail(std::move(doors.error()));
  if (auto loaded = load_identity(); !loaded) return loaded;
  for (const auto& [key, door] : doors_) {
    if (doors->contains(key)) continue;
    note(LogLevel::info, fmt::format("no longer listening on {}", door->listener->url()));
    door->doorman.cancel();
  }
  for (const auto& [key, door] : *doors) {
    if (doors_.contains(key)) continue;
    note(LogLevel::info, fmt::format("listening on {}", door->listener->url()));
    door->doorman.spawn(let_in(door));
  }
  doors_ = std::move(*doors);
  return {};
}

asio::awaitable<void> Server::let_in(std::shared_ptr<Door> door) {
  bool exhausted = false;
  for (;;) {
    auto accepting = door->listener->accept();
    auto accepted = co_await std::move(accepting);
    if (accepted) {
      exhausted = false;
      admit(std::move(*accepted));
      co_await asio::post(executor_, asio::use_awaitable);  // clients that are here have a turn
      continue;
    }
    if (!std::exchange(exhausted, true)) {
      note(LogLevel::warning,
           fmt::format("{}: a client could not be let in; are there enough file descriptors?",
                       door->listener->url()));
    }
    co_await pause(between_attempts);
  }
}

void Server::admit(Accepted accepted) {
  StreamPtr stream = stream_of(executor_, accepted.socket, endpoint_of(accepted.client));
  if (!stream) return;
  const bool secure = accepted.client.door == Client::Door::tcp && identity_;
  if (auto guest = guests_.admit(std::move(accepted.client))) {
    connections_.spawn(attend(std::move(stream), std::move(guest)));
  } else if (!secure && being_refused_ < most_being_refused) {
    connections_.spawn(turn_away(std::move(stream)));
  }
}

asio::awaitable<void> Server::turn_away(StreamPtr stream) {
  const Counted counted(being_refused_);
  Reply reply = problem(503, "too many connections: ask again later");
  reply.headers.emplace_back("Retry-After", "5");
  const std::string bytes =
      head_of(reply, Persistence::close, http_date(std::time(nullptr))) + *reply.body;
  auto written = co_await stream->write(bytes, options_.limits.drain);
  static_cast<void>(written);  // whoever does not want to know need not
}

void Server::refresh_identity() {
  const auto renewed = identity_->refresh();
  if (!renewed) {
    note(LogLevel::warning,
         "the certificate was changed and cannot be used, so the one before it "
         "stays: " +
             renewed.error().describe());
  } else if (*renewed) {
    note(LogLevel::info, "the certificate was read again");
  }
}

asio::awaitable<void> Server::attend(StreamPtr stream, std::shared_ptr<const Guests::Guest> guest) {
  const Client& client = guest->client();
  if (client.door == Client::Door::tcp && identity_) {
    refresh_identity();
    auto securing = accept_secure(std::move(stream), identity_->session(endpoint_of(client)),
                                  endpoint_of(client), options_.limits.request);
    auto secured = co_await std::move(securing);
    if (!secured) {
      note(LogLevel::debug, secured.error().describe());
      co_return;
    }
    stream = std::move(*secured);
  }
  const std::shared_ptr<Stream> shared = std::move(stream);
  co_await serve(shared, client, shared_);
}

asio::awaitable<void> Server::stop() {
  shared_.stopping = true;
  doormen_.cancel();
  co_await doormen_.join();
  doors_.clear();
  const auto end = std::chrono::steady_clock::now() + options_.limits.drain;
  while (stats_.in_flight > 0 && std::chrono::steady_clock::now() < end) co_await pause(drain_step);
  connections_.cancel();
  co_await connections_.join();
}

std::vector<std::string> Server::urls() const {
  std::vector<std::string> all;
  for (const auto& door : doors_ | std::views::values) {
    std::string url = door->listener->url();
    if (identity_ && url.starts_with("http://")) url.replace(0, 4, "https");
    all.push_back(std::move(url));
  }
  return all;
}

}  // namespace rollcall::server
