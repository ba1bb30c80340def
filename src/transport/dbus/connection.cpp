#include "transport/dbus/connection.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <set>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "transport/dbus/loop.hpp"

namespace rollcall {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

error_code system_error(int number) {
  return {number, boost::system::system_category()};
}

/// Returns a connected socket, or a negative errno. A Unix socket connects at once or fails.
int connected_socket(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t size = std::min(path.size(), sizeof address.sun_path);
  std::memcpy(static_cast<char*>(address.sun_path), path.data(), size);
  const bool abstract = path.starts_with('@');
  if (abstract) address.sun_path[0] = '\0';
  const std::size_t length = offsetof(sockaddr_un, sun_path) + size + (abstract ? 0 : 1);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address),
                static_cast<socklen_t>(std::min(length, sizeof address))) == 0) {
    return fd;
  }
  const int error = errno;
  ::close(fd);
  return -error;
}

/// Starts the sign-on of a new connection. Returns it, or a negative errno.
int start_bus(int fd, sd_bus*& bus) {
  int result = sd_bus_new(&bus);
  if (result >= 0) result = sd_bus_set_bus_client(bus, 1);
  if (result >= 0) result = sd_bus_set_fd(bus, fd, fd);
  if (result < 0) {
    ::close(fd);
    return result;
  }
  return sd_bus_start(bus);
}

DbusError error_of(int result) {
  return {.name = SD_BUS_ERROR_DISCONNECTED,
          .message = fmt::format("the connection broke: {}", std::strerror(-result))};
}

DbusReply reply_of(sd_bus_message* message) {
  const sd_bus_error* error = sd_bus_message_get_error(message);
  if (error == nullptr) return DbusMessage(message);
  return std::unexpected(DbusError{.name = error->name == nullptr ? "" : error->name,
                                   .message = error->message == nullptr ? "" : error->message});
}

}  // namespace

/// Several calls in flight. Lives in the frame of the coroutine that waits for them.
class Dbus::Batch {
 public:
  Batch(Connection& connection, std::size_t count, MakeCall make, TakeReply take,
        Milliseconds deadline);
  ~Batch();
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  void send_more();
  void take(std::size_t index, const DbusReply& reply);
  void fail_all(const DbusError& error);
  [[nodiscard]] asio::awaitable<void> wait();

 private:
  Connection& connection_;
  std::size_t count_;
  std::size_t next_ = 0;
  std::size_t taken_ = 0;
  std::vector<bool> open_;  // Sent, and not answered yet.
  MakeCall make_;
  TakeReply take_;
  Milliseconds deadline_;
  asio::steady_timer done_;
};

/// Outlives the coroutines that wait: sd-bus holds pointers to the tickets until it answers.
class Dbus::Connection {
 public:
  Connection(asio::any_io_executor executor, sd_bus* bus, Endpoint endpoint)
      : executor_(executor),
        url_(endpoint.url()),
        endpoint_(std::move(endpoint)),
        loop_(std::make_shared<DbusLoop>(executor, bus)),
        ready_(executor, asio::steady_timer::time_point::max()) {
    loop_->on_turn = [this](int result) { after_turn(result); };
    loop_->on_message = [this](const DbusMessage& message) {
      if (on_signal) on_signal(message);
    };
    loop_->wake();
  }
  ~Connection() { loop_->close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] Task<void> sign_on(Milliseconds deadline);
  [[nodiscard]] const asio::any_io_executor& executor() const { return executor_; }
  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] int descriptor() const { return sd_bus_get_fd(loop_->bus()); }

  void enlist(Batch& batch) { batches_.insert(&batch); }
  void forget(Batch& batch);
  /// Sends a call, whose answer goes to Batch::take. Returns a negative errno on failure.
  [[nodiscard]] int send(Batch& batch, std::size_t index, const DbusCall& call,
                         Milliseconds deadline);
  void wake() { loop_->wake(); }

  std::function<void(const DbusMessage&)> on_signal;
  std::function<void(const RuntimeError&)> on_end;

 private:
  struct Ticket {
    Connection* connection = nullptr;
    Batch* batch = nullptr;  // Null: no coroutine waits any more.
    std::size_t index = 0;
  };

  static int take_reply(sd_bus_message* message, void* userdata, sd_bus_error* error);
  Ticket& new_ticket(Batch& batch, std::size_t index);
  void after_turn(int result);

  asio::any_io_executor executor_;
  std::string url_;
  Endpoint endpoint_;
  std::shared_ptr<DbusLoop> loop_;
  asio::steady_timer ready_;
  int broken_ = 0;  // Set by a reply handler that failed: a negative errno.
  int ended_ = 0;   // Why the connection ended: a negative errno.
  std::deque<Ticket> tickets_;
  std::vector<Ticket*> free_;  // Its capacity covers all tickets.
  std::set<Batch*> batches_;
};

Dbus::Batch::Batch(Connection& connection, std::size_t count, MakeCall make, TakeReply take,
                   Milliseconds deadline)
    : connection_(connection),
      count_(count),
      open_(count),
      make_(std::move(make)),
      take_(std::move(take)),
      deadline_(deadline),
      done_(connection.executor(), asio::steady_timer::time_point::max()) {
  connection_.enlist(*this);
  send_more();
  connection_.wake();
}

Dbus::Batch::~Batch() {
  connection_.forget(*this);
}

void Dbus::Batch::send_more() {
  while (next_ < count_ && next_ - taken_ < most_in_flight) {
    const std::size_t index = next_++;
    open_[index] = true;
    const int sent = connection_.send(*this, index, make_(index), deadline_);
    if (sent < 0) take(index, std::unexpected(error_of(sent)));
  }
}

void Dbus::Batch::take(std::size_t index, const DbusReply& reply) {
  if (!open_[index]) return;
  open_[index] = false;
  ++taken_;
  take_(index, reply);
  if (taken_ == count_) done_.cancel();
}

void Dbus::Batch::fail_all(const DbusError& error) {
  for (; next_ < count_; ++next_) open_[next_] = true;
  for (std::size_t index = 0; index < count_; ++index) take(index, std::unexpected(error));
}

asio::awaitable<void> Dbus::Batch::wait() {
  // Cancellation wakes the wait as the last answer does, and throws at the next co_await.
  while (taken_ < count_) {
    co_await done_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

void Dbus::Connection::forget(Batch& batch) {
  batches_.erase(&batch);
  for (Ticket& ticket : tickets_) {
    if (ticket.batch == &batch) ticket.batch = nullptr;
  }
}

Dbus::Connection::Ticket& Dbus::Connection::new_ticket(Batch& batch, std::size_t index) {
  if (free_.empty()) {
    free_.reserve(tickets_.size() + 1);
    free_.push_back(&tickets_.emplace_back());
  }
  Ticket& ticket = *free_.back();
  free_.pop_back();
  ticket = {.connection = this, .batch = &batch, .index = index};
  return ticket;
}

int Dbus::Connection::send(Batch& batch, std::size_t index, const DbusCall& call,
                           Milliseconds deadline) {
  if (ended_ != 0) return ended_;
  const DbusMessage message = make_message(loop_->bus(), call);
  if (message.get() == nullptr) return -EINVAL;
  Ticket& ticket = new_ticket(batch, index);
  const auto within = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(deadline).count());
  const int sent =
      sd_bus_call_async(loop_->bus(), nullptr, message.get(), &take_reply, &ticket, within);
  if (sent < 0) {
    ticket.batch = nullptr;
    free_.push_back(&ticket);
  }
  return sent;
}

int Dbus::Connection::take_reply(sd_bus_message* message, void* userdata, sd_bus_error* /*error*/) {
  auto& ticket = *static_cast<Ticket*>(userdata);
  Batch* const batch = std::exchange(ticket.batch, nullptr);
  ticket.connection->free_.push_back(&ticket);
  if (batch == nullptr) return 1;
  try {
    batch->take(ticket.index, reply_of(message));
    batch->send_more();
  } catch (...) {
    // sd-bus is C: no exception may pass through it, so end the connection instead.
    ticket.connection->broken_ = -ENOMEM;
  }
  return 1;
}

void Dbus::Connection::after_turn(int result) {
  if (ended_ != 0) return;
  result = std::min(result, broken_);
  if (result < 0) {
    ended_ = result;
    for (Batch* batch : std::set(batches_)) batch->fail_all(error_of(result));
  }
  if (result < 0 || sd_bus_is_ready(loop_->bus()) > 0) ready_.cancel();
  if (result < 0 && on_end) on_end(error_of(result).at(url_, "go on"));
}

Task<void> Dbus::Connection::sign_on(Milliseconds deadline) {
  ready_.expires_after(deadline);
  bool waited = false;
  while (ended_ == 0 && sd_bus_is_ready(loop_->bus()) <= 0 && !waited) {
    const auto [ec] = co_await ready_.async_wait(asio::as_tuple(asio::use_awaitable));
    waited = !ec;
  }
  if (ended_ == 0 && waited) co_return connect_error(system_error(ETIMEDOUT), endpoint_);
  // sd-bus reports the same errors for a server that does not speak D-Bus and for a bus that
  // refuses our credentials.
  if (ended_ == -EPERM || ended_ == -EACCES) {
    co_return fail({.kind = ErrorKind::denied,
                    .fault = ConnectFault::denied,
                    .endpoint = url_,
                    .what = "what listens there does not let us sign on",
                    .remedy = "run as the user of the bus; if it is no D-Bus, name another"});
  }
  if (ended_ != 0) co_return connect_error(system_error(-ended_), endpoint_);
  co_return Result<void>();
}

Dbus::Dbus(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}

Dbus::~Dbus() = default;

Task<std::unique_ptr<Dbus>> Dbus::connect(Endpoint endpoint, Milliseconds deadline) {
  const auto executor = co_await asio::this_coro::executor;
  const int fd = connected_socket(endpoint.path);
  if (fd < 0) co_return connect_error(system_error(-fd), endpoint);
  sd_bus* bus = nullptr;
  const int started = start_bus(fd, bus);
  if (started < 0) {
    sd_bus_close_unref(bus);
    co_return connect_error(system_error(-started), endpoint);
  }
  auto connection = std::make_shared<Connection>(executor, bus, std::move(endpoint));
  auto signed_on = co_await connection->sign_on(deadline);
  if (!signed_on) co_return fail(std::move(signed_on.error()));
  co_return std::unique_ptr<Dbus>(new Dbus(std::move(connection)));
}

void Dbus::on_signal(std::function<void(const DbusMessage&)> take) {
  connection_->on_signal = std::move(take);
}

void Dbus::on_end(std::function<void(const RuntimeError&)> take) {
  connection_->on_end = std::move(take);
}

const std::string& Dbus::url() const noexcept {
  return connection_->url();
}

pid_t Dbus::listener() const {
  ucred peer{};
  socklen_t size = sizeof peer;
  const int fd = connection_->descriptor();
  return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

asio::awaitable<DbusReply> Dbus::call(DbusCall call, Milliseconds deadline) {
  DbusReply reply;
  MakeCall make = [&call](std::size_t) { return std::move(call); };
  TakeReply take = [&reply](std::size_t, const DbusReply& came) { reply = came; };
  co_await call_all(1, std::move(make), std::move(take), deadline);
  co_return reply;
}

asio::awaitable<void> Dbus::call_all(std::size_t count, MakeCall make, TakeReply take,
                                     Milliseconds deadline) {
  const auto connection = connection_;
  Batch batch(*connection, count, std::move(make), std::move(take), deadline);
  co_await batch.wait();
}

}  // namespace rollcall
