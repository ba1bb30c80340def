#include "cli/daemon/service.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <span>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "transport/child_process.hpp"

namespace rollcall::cli::daemon {
namespace {

namespace asio = boost::asio;

/// A status is one line.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace(line, '\n', ' ');
  return line;
}

std::vector<ServiceManager::Passed> take_passed() {
  std::vector<ServiceManager::Passed> passed;
  char** names = nullptr;
  const int count = ::sd_listen_fds_with_names(1, &names);
  for (int i = 0; i < count; ++i) {
    passed.push_back({.fd = SD_LISTEN_FDS_START + i, .name = names == nullptr ? "" : names[i]});
  }
  for (int i = 0; names != nullptr && names[i] != nullptr; ++i) std::free(names[i]);
  std::free(static_cast<void*>(names));
  return passed;
}

}  // namespace

ServiceManager::ServiceManager() : passed_(take_passed()) {
  std::uint64_t interval = 0;
  if (::sd_watchdog_enabled(1, &interval) > 0) watchdog_ = std::chrono::microseconds(interval);
  if (const char* address = std::getenv("NOTIFY_SOCKET")) address_ = address;
}

/// Like sd_notify(), but never waits for a manager that does not read.
void ServiceManager::notify(std::string text) const {
  if (address_.empty()) return;
  constexpr std::string_view ready_word = "READY=1\n";
  if (owes_ready_ && !text.starts_with(ready_word)) text.insert(0, ready_word);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = std::min(address_.size(), sizeof(address.sun_path) - 1);
  address_.copy(address.sun_path, length);
  if (address_.starts_with('@')) address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const ssize_t sent = ::sendto(socket.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&address), size);
  if (text.starts_with(ready_word)) owes_ready_ = sent < 0;
}

void ServiceManager::ready(std::string_view status) const {
  notify(fmt::format("READY=1\nSTATUS={}", one_line(status)));
}

void ServiceManager::status(std::string_view text) const {
  notify("STATUS=" + one_line(text));
}

void ServiceManager::reloading() const {
  std::timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto microseconds = std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
  notify(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS=reading the configuration",
                     microseconds));
}

void ServiceManager::stopping() const {
  notify("STOPPING=1\nSTATUS=stopping");
}

asio::awaitable<void> ServiceManager::keep_alive() const {
  if (!watchdog_) co_return;
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (;;) {
    notify("WATCHDOG=1");
    timer.expires_after(*watchdog_ / 2);
    auto waiting = timer.async_wait(asio::use_awaitable);
    co_await std::move(waiting);
  }
}

Result<std::vector<ServiceManager::Passed>> ServiceManager::passed() const {
  for (const Passed& socket : passed_) {
    if (::sd_is_socket(socket.fd, AF_UNSPEC, SOCK_STREAM, 1) > 0) continue;
    return fail({.kind = ErrorKind::invalid_config,
                 .endpoint = fmt::format("the passed socket '{}'", socket.name),
                 .what = "it is no stream that listens",
                 .remedy = "use ListenStream= in its socket unit, and Accept=no"});
  }
  return passed_;
}

}  // namespace rollcall::cli::daemon
