#include "server/server.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <exception>
#include <limits>
#include <new>
#include <ranges>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include "core/budgets.hpp"
#include "core/failure.hpp"
#include "core/text/text.hpp"
#include "server/http/problem.hpp"
#include "transport/endpoint.hpp"
#include "transport/stream.hpp"
#include "transport/tls/secure_stream.hpp"

namespace rollcall::server {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr auto between_attempts = 50ms;
/// Turns of the event loop within which a cancelled connection has unwound.
constexpr int most_turns = 64;
constexpr auto drain_step = 10ms;
constexpr std::size_t max_quoted = 200;

/// The client's endpoint, for error messages.
Endpoint endpoint_of(const Client& client) {
  if (client.door != Client::Door::tcp) return {.path = "client", .host = {}};
  return {.scheme = Endpoint::Scheme::tcp, .path = {}, .host = client.address};
}

std::string what_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return excerpt(e.what(), max_quoted);
  } catch (...) {
    return "what was thrown is no exception";
  }
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

/// Logs, and ignores a failure to log: it must not stop the server from accepting clients.
void Server::note(LogLevel level, std::string_view message) const noexcept {
  try {
    if (log_) log_(level, message);
  } catch (...) {
    return;
  }
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

/// Derives the descriptor limits from RLIMIT_NOFILE. The kernel assigns the lowest free descriptor,
/// so the number of a new one tells how many are in use.
void Server::measure_descriptors() {
  constexpr auto unlimited = static_cast<rlim_t>(std::numeric_limits<int>::max());
  rlimit limit{};
  const bool known = ::getrlimit(RLIMIT_NOFILE, &limit) == 0;
  const int all = known ? static_cast<int>(std::min(limit.rlim_cur, unlimited)) : 1024;
  const int share = std::clamp(all / 8, 4, 128);
  last_of_trusted_ = all - share;
  last_of_strangers_ = last_of_trusted_ - share;
}

Result<void> Server::listen() {
  measure_descriptors();
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
    // A listener that silently stopped would be worse than the end of the daemon.
    door->doorman.on_failure([](const std::exception_ptr& e) { std::rethrow_exception(e); });
    door->doorman.spawn(let_in(door));
  }
  doors_ = std::move(*doors);
  return {};
}

/// False: the system has no descriptor, or no memory, left for a client.
asio::awaitable<bool> Server::let_one_in(Door& door) {
  try {
    auto accepting = door.listener->accept();
    auto accepted = co_await std::move(accepting);
    if (!accepted) co_return false;
    auto admitting = admit(std::move(*accepted));
    co_await std::move(admitting);
  } catch (const std::bad_alloc&) {
    co_return false;
  }
  co_return true;
}

asio::awaitable<void> Server::let_next_in(Door& door, bool& exhausted) {
  auto letting_in = let_one_in(door);
  if (co_await std::move(letting_in)) {
    exhausted = false;
    co_await asio::post(executor_, asio::use_awaitable);  // gives connected clients a turn
    co_return;
  }
  if (!std::exchange(exhausted, true)) {
    note(LogLevel::warning,
         fmt::format("{}: a client could not be let in; are there enough file descriptors?",
                     door.listener->url()));
  }
  co_await pause(between_attempts);
}

/// Keeps accepting whatever fails; if not even waiting is possible, the group fails.
asio::awaitable<void> Server::let_in(std::shared_ptr<Door> door) {
  bool exhausted = false;
  for (;;) {
    std::exception_ptr thrown;
    try {
      auto letting_in = let_next_in(*door, exhausted);
      co_await std::move(letting_in);
    } catch (...) {
      thrown = std::current_exception();
    }
    if (!thrown) continue;
    if (is_cancellation(thrown)) std::rethrow_exception(thrown);
    note(LogLevel::warning, failure_of(thrown, door->listener->url()).describe());
    thrown = nullptr;
    co_await pause(between_attempts);
  }
}

/// Waits until guests that were sent away have closed their sockets, and gives the newcomer one of
/// their descriptors, so that the reserved descriptors are free again.
asio::awaitable<void> Server::lower(Descriptor& socket) {
  for (int turns = 0; turns < most_turns && guests_.leaving() > 0; ++turns) {
    co_await asio::post(executor_, asio::use_awaitable);
  }
  Descriptor other(::fcntl(socket.get(), F_DUPFD_CLOEXEC, 0));
  if (other.get() >= 0 && other.get() < socket.get()) socket = std::move(other);
}

/// If a token is configured, it decides, and the kernel is not asked for the peer's user.
bool Server::is_stranger(const Accepted& accepted) const {
  if (accepted.client.door == Client::Door::unix_socket || options_.all_local_users) return false;
  if (!options_.token.empty()) return true;
  constexpr std::string_view unix_scheme = "unix://";
  std::vector<std::string> sockets;
  for (const auto& door : doors_ | std::views::values) {
    const std::string& url = door->listener->url();
    if (url.starts_with(unix_scheme)) sockets.push_back(url.substr(unix_scheme.size()));
  }
  return !local_users_.admits(user_of_peer(accepted.socket.get()), sockets);
}

asio::awaitable<void> Server::admit(Accepted accepted) {
  accepted.client.stranger = is_stranger(accepted);
  Descriptor& socket = accepted.socket;
  const bool secure = accepted.client.door == Client::Door::tcp && identity_;
  const bool kept = accepted.client.door == Client::Door::unix_socket;
  const bool scarce = socket.get() >= (kept ? last_of_trusted_ : last_of_strangers_);
  Endpoint endpoint = endpoint_of(accepted.client);
  GuestPtr guest =
      guests_.admit({.client = std::move(accepted.client), .securing = secure, .scarce = scarce});
  if (guest && scarce) {
    auto lowering = lower(socket);
    co_await std::move(lowering);
    if (!guest->here()) co_return;  // another client has taken its place meanwhile
  }
  StreamPtr stream = stream_of(executor_, socket.release(), std::move(endpoint));
  if (!stream) co_return;
  if (guest) {
    TaskGroup connection = TaskGroup::within(connections_);
    guest->when_sent_away([connection]() mutable { connection.cancel(); });
    connection.spawn(attend(std::move(stream), std::move(guest)));
  } else if (!secure && !scarce && shared_.parting < budget::parting_connections) {
    connections_.spawn(turn_away(std::move(stream)));
  }
}

asio::awaitable<void> Server::turn_away(StreamPtr stream) {
  Reply reply = problem(503, "too many connections: ask again later");
  reply.headers.emplace_back("Retry-After", "5");
  const std::string bytes =
      head_of(reply, Persistence::close, http_date(std::time(nullptr))) + *reply.body;
  // One deadline covers the write, too.
  auto farewell = part(*stream, shared_, bytes);
  co_await std::move(farewell);
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

asio::awaitable<void> Server::attend(StreamPtr stream, GuestPtr guest) {
  std::exception_ptr thrown;
  try {
    auto serving = serve_guest(std::move(stream), std::move(guest));
    co_await std::move(serving);
    co_return;
  } catch (...) {
    thrown = std::current_exception();
  }
  if (is_cancellation(thrown)) std::rethrow_exception(thrown);
  note(LogLevel::warning, "a connection was given up: " + what_of(thrown));
}

asio::awaitable<void> Server::serve_guest(StreamPtr stream, GuestPtr guest) {
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
    guest->secured();
    stream = std::move(*secured);
  }
  const std::shared_ptr<Stream> shared = std::move(stream);
  co_await serve(shared, guest, shared_);
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
