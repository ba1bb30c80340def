// The built program beside an engine: what the host runs for its containers is shown once.
#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hostview/process_table.hpp"
#include "support/dockerd.hpp"
#include "support/paths.hpp"

namespace rollcall::support {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

/// The docker-proxy that listens on the port for a container; 0 if there is none.
pid_t proxy_for(const std::string& port) {
  ProcessTable table;
  for (const pid_t pid : table.pids()) {
    const auto process = table.process(pid);
    if (!process || !process->executable.ends_with("/docker-proxy")) continue;
    if (std::ranges::find(process->arguments, port) != process->arguments.end()) return pid;
  }
  return 0;
}

class HostBesideDocker : public ::testing::Test {
 protected:
  HostBesideDocker() {
    engine_.api().run({.name = "web", .ports = {{.container_port = 80, .host_port = 18090}}});
    if (!eventually(10s, [this] { return (proxy_ = proxy_for("18090")) != 0; })) {
      throw std::runtime_error("there is no docker-proxy");
    }
  }

  /// Runs a script in the engine's network namespace.
  [[nodiscard]] Output run_beside(const std::string& script) const {
    return run({"nsenter", fmt::format("--net=/proc/{}/ns/net", proxy_), "bash", "-c", script});
  }
  [[nodiscard]] Output rollcall(const std::string& words) const {
    return run_beside(fmt::format("exec {} {}", ROLLCALL_COMMAND, words));
  }
  [[nodiscard]] std::string docker() const { return "--endpoint docker=" + engine_.endpoint(); }

  Dockerd engine_;
  pid_t proxy_ = 0;
};

TEST_F(HostBesideDocker, ls_shows_a_published_port_once) {
  const auto together = rollcall("ls host " + docker());
  EXPECT_THAT(together.out, HasSubstr("web"));
  EXPECT_THAT(together.out, HasSubstr("18090->80/tcp"));
  EXPECT_THAT(together.out, Not(HasSubstr("docker-proxy")));
  const auto alone = rollcall("ls host");
  EXPECT_THAT(alone.out, HasSubstr("docker-proxy"));
  EXPECT_THAT(alone.out, HasSubstr("*:18090/tcp"));
}

TEST_F(HostBesideDocker, watch_shows_a_published_port_once) {
  // The look that reports the server sees the docker-proxy, too.
  const auto output = run_beside(fmt::format(R"(
coproc exec python3 -c 'import signal, socket
listener = socket.create_server(("127.0.0.1", 18091))
print("ready", flush=True)
signal.pause()'
server=$COPROC_PID
read -r _ <&"${{COPROC[0]}}"
exec 3< <(exec timeout 20 {} watch host {})
watch=$!
while read -r line <&3; do
  echo "$line"
  [[ $line != *18091* ]] || break
done
kill "$watch" "$server")",
                                             ROLLCALL_COMMAND, docker()));
  EXPECT_THAT(output.out, HasSubstr("18090->80/tcp"));
  EXPECT_THAT(output.out, HasSubstr("127.0.0.1:18091/tcp"));
  EXPECT_THAT(output.out, Not(HasSubstr("docker-proxy")));
}

}  // namespace
}  // namespace rollcall::support
