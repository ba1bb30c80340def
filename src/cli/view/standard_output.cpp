#include "cli/view/standard_output.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace rollcall::cli {

namespace asio = boost::asio;

namespace {

int make_epoll() {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return epoll;
}

bool takes_some(int fd) {
  pollfd now{.fd = fd, .events = POLLOUT, .revents = 0};
  return ::poll(&now, 1, 0) != 0;
}

}  // namespace

// Asio makes every descriptor that it waits for non-blocking, also for the processes that share
// it, such as the shell on the terminal. So Asio waits for an epoll that waits for the descriptor.
StandardOutput::StandardOutput(int fd, const asio::any_io_executor& executor)
    : fd_(fd), poll_(executor, make_epoll()), drained_(executor) {
  epoll_event nothing{};  // epoll always reports errors and hang-ups
  // A plain file cannot be watched, nor need it be: it is never full and has no reader.
  static_cast<void>(::epoll_ctl(poll_.native_handle(), EPOLL_CTL_ADD, fd_, &nothing));
}

void StandardOutput::watch_for(bool writable) {
  epoll_event event{};
  event.events = writable ? static_cast<std::uint32_t>(EPOLLOUT) : 0U;
  static_cast<void>(::epoll_ctl(poll_.native_handle(), EPOLL_CTL_MOD, fd_, &event));
}

void StandardOutput::write(std::string_view text) {
  if (error_ != 0) return;
  kept_ += text;
  flush();
  if (!kept_.empty()) watch_for(true);
}

void StandardOutput::flush() {
  std::size_t done = 0;
  // A pipe that polls as writable takes PIPE_BUF bytes without blocking.
  while (done < kept_.size() && takes_some(fd_)) {
    const auto size = std::min<std::size_t>(kept_.size() - done, PIPE_BUF);
    const auto written = ::write(fd_, kept_.data() + done, size);
    if (written < 0 && errno != EINTR && errno != EAGAIN) return end(errno);
    if (written > 0) done += static_cast<std::size_t>(written);
  }
  kept_.erase(0, done);
  if (kept_.empty()) drained_.notify();
}

void StandardOutput::end(int error) {
  if (error_ == 0) error_ = error;
  kept_.clear();
  drained_.notify();
  poll_.cancel();
}

asio::awaitable<void> StandardOutput::drained() {
  while (!kept_.empty() && error_ == 0) co_await drained_.wait();
  drained_.notify();  // for the next waiter
}

asio::awaitable<void> StandardOutput::run() {
  while (error_ == 0) {
    auto ready = poll_.async_wait(asio::posix::descriptor_base::wait_read,
                                  asio::as_tuple(asio::use_awaitable));
    const auto [failed] = co_await std::move(ready);
    if (failed) break;
    pollfd now{.fd = fd_, .events = 0, .revents = 0};
    if (::poll(&now, 1, 0) > 0 && (now.revents & (POLLERR | POLLHUP)) != 0) {
      end(EPIPE);
    } else {
      flush();
      if (kept_.empty()) watch_for(false);
    }
  }
}

}  // namespace rollcall::cli
