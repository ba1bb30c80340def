#include "transport/child_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <string_view>

extern "C" {
#include <sys/pidfd.h>  // glibc 2.36 forgets to say that these are C
}

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rollcall {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t kept_messages = 4096;

/// How a child is spawned: in a new session, so that it has no controlling terminal; with no signal
/// blocked or ignored; and with none of our other descriptors.
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

  std::expected<pid_t, int> spawn(std::vector<std::string>& words,
                                  std::vector<std::string>& variables) const {
    std::vector<char*> arguments = pointers_to(words);
    std::vector<char*> environment = pointers_to(variables);
    environment.pop_back();
    for (char** entry = environ; *entry != nullptr; ++entry) {
      // Programs differ in which of two variables of the same name they use, so keep only one.
      const std::string_view name = name_of(*entry);
      const auto same = [&](const std::string& variable) { return name_of(variable) == name; };
      if (std::ranges::none_of(variables, same)) environment.push_back(*entry);
    }
    environment.push_back(nullptr);
    pid_t pid = -1;
    const int error = ::posix_spawnp(&pid, arguments.front(), &actions_, &attributes_,
                                     arguments.data(), environment.data());
    if (error != 0) return std::unexpected(error);
    return pid;
  }

 private:
  static std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
  }

  static std::string_view name_of(std::string_view variable) {
    return variable.substr(0, variable.find('='));
  }

  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

}  // namespace

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

std::expected<ChildProcess, int> ChildProcess::start(std::vector<std::string> words,
                                                     std::vector<std::string> variables) {
  std::array<int, 2> sockets{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0) {
    return std::unexpected(errno);
  }
  Fd ours(sockets[0]);
  const Fd its(sockets[1]);
  std::array<int, 2> pipe{};
  // Non-blocking: a full pipe must stop neither the child nor us.
  if (::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) return std::unexpected(errno);
  Fd messages(pipe[0]);
  const Fd its_messages(pipe[1]);

  const SpawnPlan plan(its.get(), its_messages.get());
  const auto pid = plan.spawn(words, variables);
  if (!pid) return std::unexpected(pid.error());
  Fd pidfd(::pidfd_open(*pid, 0));
  if (pidfd.get() < 0) {
    const int error = errno;
    ::kill(*pid, SIGKILL);
    ::waitpid(*pid, nullptr, 0);
    return std::unexpected(error);
  }
  return ChildProcess(*pid, std::move(pidfd), std::move(ours), std::move(messages));
}

ChildProcess::~ChildProcess() {
  if (pidfd_.get() < 0) return;  // moved away
  if (!ending_) {
    // The pid cannot be reused until the child has been waited for. If this program ignores
    // SIGCHLD, the kernel reaps the child by itself, so check first.
    siginfo_t info{};
    const auto id = static_cast<id_t>(pidfd_.get());
    if (::waitid(P_PIDFD, id, &info, WEXITED | WNOHANG | WNOWAIT) == 0) ::kill(-pid_, SIGKILL);
    ::waitid(P_PIDFD, id, &info, WEXITED);
  }
}

void ChildProcess::drain_messages() {
  std::array<char, 4096> piece{};
  ssize_t size = 0;
  while ((size = ::read(messages_.get(), piece.data(), piece.size())) > 0) {
    message_.append(piece.data(), static_cast<std::size_t>(size));
    if (message_.size() > kept_messages) message_.erase(0, message_.size() - kept_messages);
  }
}

std::optional<ChildEnding> ChildProcess::ending() {
  if (!ending_) {
    siginfo_t info{};
    const auto id = static_cast<id_t>(pidfd_.get());
    int result = ::waitid(P_PIDFD, id, &info, WEXITED | WNOHANG | WNOWAIT);
    if (result == 0 && info.si_pid == 0) return std::nullopt;
    // Kill the group before reaping the child: until then its pid, and so its group id, cannot be
    // reused.
    if (result == 0) {
      ::kill(-pid_, SIGKILL);
      result = ::waitid(P_PIDFD, id, &info, WEXITED | WNOHANG);
    }
    const bool exited = result != 0 || info.si_code == CLD_EXITED;
    ending_ = ChildEnding{.exit_code = result == 0 && exited ? info.si_status : 0,
                          .signal = exited ? 0 : info.si_status};
  }
  drain_messages();
  ending_->message = message_;
  return ending_;
}

asio::awaitable<std::optional<error_code>> wait_for_end(const ChildProcess& process,
                                                        Milliseconds deadline) {
  const auto executor = co_await asio::this_coro::executor;
  const int fd = ::fcntl(process.pidfd(), F_DUPFD_CLOEXEC, 0);
  if (fd < 0) co_return error_code(errno, boost::system::system_category());
  const auto ended = std::make_shared<asio::posix::stream_descriptor>(executor);
  error_code ec;
  ended->assign(fd, ec);
  if (ec) {
    ::close(fd);
    co_return ec;
  }
  asio::steady_timer timer(executor, deadline);
  timer.async_wait([ended](const error_code& stopped) {
    if (!stopped) ended->cancel();
  });
  co_await ended->async_wait(asio::posix::descriptor_base::wait_read,
                             asio::as_tuple(asio::use_awaitable));
  co_return std::nullopt;
}

}  // namespace rollcall
