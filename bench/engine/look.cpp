// Looks at the listening sockets of this host and their owners: look [AGAIN]
//
// Without an argument it prints one line per socket, with the pid and name of each owner, as
// `ss -lntup` does. With AGAIN it repeats the look that often while nothing changes, and prints the
// CPU time of one repeated look in nanoseconds.
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include <fmt/format.h>

#include "hostview/listeners.hpp"

namespace {

using namespace rollcall;

std::int64_t cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

void print(const ListenersSeen& seen) {
  fmt::memory_buffer text;
  for (const auto& [socket, owners, cgroup] : seen.listeners) {
    fmt::format_to(std::back_inserter(text), "{} {}:{}", to_string(socket.protocol),
                   socket.address.to_string(), socket.port);
    for (const pid_t pid : owners) {
      const auto owner = seen.owners.find(pid);
      const bool known = owner != seen.owners.end();
      fmt::format_to(std::back_inserter(text), " {} {}", pid, known ? owner->second.comm : "?");
    }
    text.push_back('\n');
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace

int main(int count, char** words) {
  const int again = count > 1 ? std::atoi(words[1]) : 0;
  Listeners listeners(system_host_view());
  auto seen = listeners.look();
  const auto began = cpu_time();
  for (int at = 0; at < again && seen; ++at) seen = listeners.look();
  if (!seen) {
    fmt::print(stderr, "look: {}\n", seen.error().describe());
    return 1;
  }
  if (again > 0) {
    fmt::print("{}\n", (cpu_time() - began) / again);
  } else {
    print(**seen);
  }
  return 0;
}
