#include "transport/ssh_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>

extern "C" {
#include <sys/pidfd.h>  // glibc 2.36 forgets to say that these are C
}

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rollcall::ssh {
namespace {

constexpr std::size_t kept_messages = 4096;

/// Streams and signals of the child: a new session, so that the terminal is neither asked nor
/// heard; no signal blocked or ignored; no other descriptor of ours.
class SpawnPlan {
 public:
  SpawnPlan(int stdio, int messages) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, stdio, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, stdio, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, messages, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes_);
    sigset_t none{};
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    sigset_t all{};
    sigfillset(&all);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  std::expected<pid_t, int> spawn(std::vector<std::string>& words) const {
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t pid = -1;
    const int error =
        ::posix_spawnp(&pid, arguments.front(), &actions_, &attributes_, arguments.data(), environ);
    if (error != 0) return std::unexpected(error);
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

}  // namespace

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

std::expected<Process, int> Process::start(std::vector<std::string> words) {
  std::array<int, 2> sockets{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0) {
    return std::unexpected(errno);
  }
  Fd ours(sockets[0]);
  const Fd its(sockets[1]);
  std::array<int, 2> pipe{};
  // A full pipe must stop neither ssh nor us.
  if (::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) return std::unexpected(errno);
  Fd messages(pipe[0]);
  const Fd its_messages(pipe[1]);

  const SpawnPlan plan(its.get(), its_messages.get());
  const auto pid = plan.spawn(words);
  if (!pid) return std::unexpected(pid.error());
  Fd pidfd(::pidfd_open(*pid, 0));
  if (pidfd.get() < 0) {
    const int error = errno;
    ::kill(*pid, SIGKILL);
    ::waitpid(*pid, nullptr, 0);
    return std::unexpected(error);
  }
  return Process(*pid, std::move(pidfd), std::move(ours), std::move(messages));
}

Process::~Process() {
  if (pidfd_.get() < 0) return;  // moved away
  if (!ending_) {
    // Its number is its own as long as nobody has waited for it; a program that ignores SIGCHLD
    // lets the kernel do that.
    siginfo_t info{};
    const auto id = static_cast<id_t>(pidfd_.get());
    if (::waitid(P_PIDFD, id, &info, WEXITED | WNOHANG | WNOWAIT) == 0) ::kill(-pid_, SIGKILL);
    ::waitid(P_PIDFD, id, &info, WEXITED);
  }
}

void Process::drain_messages() {
  std::array<char, 4096> piece{};
  ssize_t size = 0;
  while ((size = ::read(messages_.get(), piece.data(), piece.size())) > 0) {
    message_.append(piece.data(), static_cast<std::size_t>(size));
    if (message_.size() > kept_messages) message_.erase(0, message_.size() - kept_messages);
  }
}

std::optional<Ending> Process::ending() {
  if (!ending_) {
    siginfo_t info{};
    const int result = ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG);
    if (result == 0 && info.si_pid == 0) return std::nullopt;
    const bool exited = result != 0 || info.si_code == CLD_EXITED;
    ending_ = Ending{.exit_code = result == 0 && exited ? info.si_status : 0,
                     .signal = exited ? 0 : info.si_status};
  }
  drain_messages();
  ending_->message = message_;
  return ending_;
}

}  // namespace rollcall::ssh
