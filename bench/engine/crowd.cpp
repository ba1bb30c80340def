// Starts many processes that listen: crowd PROCESSES SOCKETS
//
// Each process has SOCKETS TCP sockets on 127.0.0.1, each on its own port, and an ordinary number
// of other descriptors. Prints "ready" when all listen. At the end of its input, all processes end.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr int first_port = 10'000;
constexpr int other_descriptors = 8;

bool listen_on(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
         ::listen(fd, 16) == 0;
}

[[noreturn]] void member(int number, int sockets, pid_t parent, int ready) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  for (int copy = 0; copy < other_descriptors; ++copy) ::dup(STDERR_FILENO);
  for (int at = 0; at < sockets; ++at) {
    if (!listen_on(first_port + number * sockets + at)) ::_exit(1);
  }
  if (::write(ready, "x", 1) != 1) ::_exit(1);
  ::close(ready);
  for (;;) ::pause();
}

}  // namespace

int main(int count, char** words) {
  const int processes = count == 3 ? std::atoi(words[1]) : 0;
  const int sockets = count == 3 ? std::atoi(words[2]) : -1;
  if (processes <= 0 || sockets < 0 || first_port + processes * sockets > 65'536) {
    fmt::print(stderr, "usage: crowd PROCESSES SOCKETS, with at most {} ports in all\n",
               65'536 - first_port);
    return 2;
  }
  int ready[2] = {-1, -1};
  if (::pipe(ready) != 0) return 1;
  const pid_t parent = ::getpid();
  for (int number = 0; number < processes; ++number) {
    const pid_t child = ::fork();
    if (child < 0) {
      std::perror("crowd: fork");
      return 1;
    }
    if (child == 0) {
      ::close(ready[0]);
      member(number, sockets, parent, ready[1]);
    }
  }
  ::close(ready[1]);
  int listening = 0;
  for (char byte = 0; ::read(ready[0], &byte, 1) == 1;) ++listening;
  if (listening != processes) {
    fmt::print(stderr, "crowd: only {} of {} processes listen\n", listening, processes);
    return 1;
  }
  fmt::print("ready\n");
  std::fflush(stdout);
  for (char byte = 0; ::read(STDIN_FILENO, &byte, 1) == 1;) {
  }
  return 0;
}
