#include "support/listening.hpp"

#include <cerrno>
#include <csignal>
#include <exception>
#include <stdexcept>
#include <system_error>

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rollcall::support {
namespace {

constexpr ::id_t nobody = 65534;

void check(bool good, const char* what) {
  if (!good) throw std::system_error(errno, std::generic_category(), what);
}

void set_option(const Fd& socket, int level, int name, bool value) {
  const int number = value ? 1 : 0;
  check(::setsockopt(socket.get(), level, name, &number, sizeof number) == 0, "setsockopt");
}

void bind_to(const Fd& socket, const std::string& address, std::uint16_t port, bool v6) {
  sockaddr_in6 six{};
  sockaddr_in four{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(port);
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  void* const where = v6 ? static_cast<void*>(&six.sin6_addr) : &four.sin_addr;
  check(::inet_pton(v6 ? AF_INET6 : AF_INET, address.c_str(), where) == 1, "inet_pton");
  const auto* any =
      v6 ? reinterpret_cast<const sockaddr*>(&six) : reinterpret_cast<const sockaddr*>(&four);
  check(::bind(socket.get(), any, v6 ? sizeof six : sizeof four) == 0, "bind");
}

std::string read_to_end(const Fd& from) {
  std::string text;
  char piece[4096];
  ssize_t size = 0;
  while ((size = ::read(from.get(), piece, sizeof piece)) > 0) {
    text.append(piece, static_cast<std::size_t>(size));
  }
  return text;
}

// Runs in the child. The first byte written says whether an answer or a failure follows.
[[noreturn]] void run_copy(const std::function<std::string()>& setup, Fd answer) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::string text;
  try {
    text = "+" + setup();
  } catch (const std::exception& error) {
    text = std::string("-") + error.what();
  }
  if (::write(answer.get(), text.data(), text.size()) < 0) ::_exit(1);
  answer.reset();
  for (;;) ::pause();
}

}  // namespace

Fd listen_at(const std::string& address, ListenOptions options) {
  const bool v6 = address.find(':') != std::string::npos;
  const int type = (options.udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC;
  Fd socket(::socket(v6 ? AF_INET6 : AF_INET, type, 0));
  check(socket.get() >= 0, "socket");
  if (v6) set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, options.only_v6);
  if (options.reuse_port) set_option(socket, SOL_SOCKET, SO_REUSEPORT, true);
  bind_to(socket, address, options.port, v6);
  if (!options.udp) check(::listen(socket.get(), 16) == 0, "listen");
  return socket;
}

std::uint16_t port_of(const Fd& socket) {
  sockaddr_in6 address{};  // the port of IPv4 has the same offset
  socklen_t size = sizeof address;
  check(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0,
        "getsockname");
  return ntohs(address.sin6_port);
}

std::uint64_t inode_of(const Fd& socket) {
  struct stat found{};
  check(::fstat(socket.get(), &found) == 0, "fstat");
  return found.st_ino;
}

Forked::Forked(const std::function<std::string()>& setup) {
  int ends[2] = {-1, -1};
  check(::pipe2(ends, O_CLOEXEC) == 0, "pipe2");
  const Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  pid_ = ::fork();
  check(pid_ >= 0, "fork");
  if (pid_ == 0) run_copy(setup, std::move(write_end));
  write_end.reset();
  said_ = read_to_end(read_end);
  if (!said_.starts_with('+')) {
    const std::string why = said_.empty() ? "it ended" : said_.substr(1);
    end();
    throw std::runtime_error("the forked process failed: " + why);
  }
  said_.erase(0, 1);
}

Forked::~Forked() {
  end();
}

void Forked::end() const {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void become_nobody() {
  check(::setgroups(0, nullptr) == 0, "setgroups");
  check(::setresgid(nobody, nobody, nobody) == 0, "setresgid");
  check(::setresuid(nobody, nobody, nobody) == 0, "setresuid");
}

}  // namespace rollcall::support
