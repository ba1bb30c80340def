#include "hostview/path_watch.hpp"

#include <array>
#include <cstring>
#include <filesystem>
#include <string_view>

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/inotify.h>

#include "core/async/run.hpp"

namespace rollcall {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

struct Target {
  fs::path folder;   // An existing directory.
  std::string name;  // The entry in it that leads to the path.
};

Target nearest(const fs::path& path) {
  Target target{path.parent_path(), path.filename().string()};
  std::error_code ignored;
  while (target.folder.has_relative_path() && !fs::is_directory(target.folder, ignored)) {
    target.name = target.folder.filename().string();
    target.folder = target.folder.parent_path();
  }
  return target;
}

/// Whether one of these events concerns the name.
bool concerns(std::string_view events, std::string_view name) {
  while (events.size() >= sizeof(inotify_event)) {
    inotify_event event{};
    std::memcpy(&event, events.data(), sizeof event);
    if (event.len == 0) return true;  // The directory itself, or an overflow.
    if (name == std::string_view(events.data() + sizeof event)) return true;
    events.remove_prefix(sizeof event + event.len);
  }
  return false;
}

}  // namespace

asio::awaitable<void> wait_for_change_of(std::string path) {
  const auto executor = co_await asio::this_coro::executor;
  const Target target = nearest(path);
  constexpr std::uint32_t kinds =
      IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_ONLYDIR;
  asio::posix::stream_descriptor watch(executor);
  const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd >= 0) watch.assign(fd);
  if (fd < 0 || ::inotify_add_watch(fd, target.folder.c_str(), kinds) < 0) {
    co_await never();
    co_return;
  }
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto into = asio::buffer(buffer);
    const auto size = co_await watch.async_read_some(into, asio::use_awaitable);
    if (concerns({buffer.data(), size}, target.name)) co_return;
  }
}

}  // namespace rollcall
