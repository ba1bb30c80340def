#include "transport/path_watch.hpp"

#include <array>
#include <filesystem>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/inotify.h>

namespace rollcall {

namespace asio = boost::asio;

asio::awaitable<void> wait_for_change_beside(std::string path) {
  const auto executor = co_await asio::this_coro::executor;
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code ignored;
  while (folder.has_relative_path() && !std::filesystem::is_directory(folder, ignored)) {
    folder = folder.parent_path();
  }
  constexpr std::uint32_t events =
      IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_ONLYDIR;
  asio::posix::stream_descriptor watch(executor);
  const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd >= 0) watch.assign(fd);
  if (fd >= 0 && ::inotify_add_watch(fd, folder.c_str(), events) >= 0) {
    alignas(inotify_event) std::array<char, 4096> buffer;
    co_await watch.async_read_some(asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
    co_return;
  }
  asio::steady_timer never(executor, asio::steady_timer::time_point::max());
  co_await never.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace rollcall
