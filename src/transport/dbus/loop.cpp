#include "transport/dbus/loop.hpp"

#include <cerrno>
#include <cstdint>
#include <limits>
#include <utility>

#include <boost/asio/post.hpp>
#include <poll.h>
#include <systemd/sd-bus.h>

namespace rollcall {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// After this many messages, other work on the executor gets its turn.
constexpr int messages_a_turn = 256;

}  // namespace

DbusLoop::DbusLoop(asio::any_io_executor executor, sd_bus* bus)
    : bus_(bus), descriptor_(executor, sd_bus_get_fd(bus)), timer_(executor) {}

DbusLoop::~DbusLoop() {
  close();
}

void DbusLoop::wake() {
  if (std::exchange(woken_, true) || bus_ == nullptr) return;
  asio::post(descriptor_.get_executor(), [self = shared_from_this()] {
    self->woken_ = false;
    self->turn();
  });
}

void DbusLoop::turn() {
  for (int count = 0; bus_ != nullptr; ++count) {
    if (count == messages_a_turn) {
      wake();
      break;
    }
    sd_bus_message* raw = nullptr;
    const int result = sd_bus_process(bus_, &raw);
    const DbusMessage message(raw);
    sd_bus_message_unref(raw);
    if (result < 0) return on_turn(result);
    if (result == 0) {
      arm();
      break;
    }
    try {
      if (raw != nullptr && on_message) on_message(message);
    } catch (...) {
      return on_turn(-ENOMEM);  // A signal was lost, so end the connection.
    }
  }
  if (on_turn) on_turn(0);
}

void DbusLoop::arm() {
  const int events = sd_bus_get_events(bus_);
  if ((events & POLLIN) != 0) wait(reading_, asio::posix::stream_descriptor::wait_read);
  if ((events & POLLOUT) != 0) wait(writing_, asio::posix::stream_descriptor::wait_write);
  std::uint64_t deadline = 0;
  constexpr auto never = std::numeric_limits<std::uint64_t>::max();
  if (sd_bus_get_timeout(bus_, &deadline) < 0 || deadline == never) {
    timer_.cancel();
    return;
  }
  // sd-bus uses CLOCK_MONOTONIC, which is the clock of std::chrono::steady_clock on Linux.
  const asio::steady_timer::time_point at{
      std::chrono::microseconds(static_cast<std::chrono::microseconds::rep>(deadline))};
  if (timer_.expiry() == at) return;
  timer_.expires_at(at);
  timer_.async_wait([self = shared_from_this()](const error_code& ec) {
    if (!ec) self->turn();
  });
}

void DbusLoop::wait(bool& waiting, asio::posix::stream_descriptor::wait_type what) {
  if (std::exchange(waiting, true)) return;
  descriptor_.async_wait(what, [self = shared_from_this(), &waiting](const error_code& ec) {
    waiting = false;
    if (!ec) self->turn();
  });
}

void DbusLoop::close() {
  if (bus_ == nullptr) return;
  timer_.cancel();
  descriptor_.release();  // The bus owns the descriptor and closes it.
  sd_bus_close_unref(std::exchange(bus_, nullptr));
  on_message = nullptr;
  on_turn = nullptr;
}

}  // namespace rollcall
