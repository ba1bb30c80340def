#include "support/process.hpp"

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <thread>

extern "C" {
#include <sys/pidfd.h>  // glibc 2.36 forgets to say that these are C
}

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rollcall::support {
namespace {

[[noreturn]] void throw_errno(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (auto& string : strings) result.push_back(string.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> environment_with(const std::vector<std::string>& extra) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string variable = *entry;
    const std::string prefix = variable.substr(0, variable.find('=') + 1);
    bool replaced = false;
    for (const auto& replacement : extra) replaced = replaced || replacement.starts_with(prefix);
    if (!replaced) result.push_back(variable);
  }
  result.insert(result.end(), extra.begin(), extra.end());
  return result;
}

// Streams and signals of a child: a new session, and no signal blocked or ignored.
class SpawnPlan {
 public:
  explicit SpawnPlan(Streams streams) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    redirect(streams.in, STDIN_FILENO, O_RDONLY);
    redirect(streams.out, STDOUT_FILENO, O_WRONLY);
    redirect(streams.err, STDERR_FILENO, O_WRONLY);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  [[nodiscard]] pid_t spawn(std::vector<std::string> command,
                            std::vector<std::string> environment) {
    pid_t pid = -1;
    const int error = posix_spawnp(&pid, command.front().c_str(), &actions_, &attributes_,
                                   pointers(command).data(), pointers(environment).data());
    if (error != 0) throw_errno(error, fmt::format("cannot start {}", command.front()));
    return pid;
  }

 private:
  void redirect(int from, int to, int mode) {
    if (from >= 0) {
      posix_spawn_file_actions_adddup2(&actions_, from, to);
    } else {
      posix_spawn_file_actions_addopen(&actions_, to, "/dev/null", mode, 0);
    }
  }

  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

}  // namespace

void Fd::reset() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Process::Process(const std::vector<std::string>& command, Streams streams,
                 const std::vector<std::string>& extra_environment)
    : pid_(SpawnPlan(streams).spawn(command, environment_with(extra_environment))),
      pidfd_(::pidfd_open(pid_, 0)) {
  if (pidfd_.get() < 0) throw_errno(errno, "pidfd_open");
}

Process::~Process() {
  if (pidfd_.get() < 0 || status_) return;
  ::pidfd_send_signal(pidfd_.get(), SIGKILL, nullptr, 0);
  wait(std::chrono::seconds(10));
}

void Process::signal(int number) const {
  if (::pidfd_send_signal(pidfd_.get(), number, nullptr, 0) != 0) {
    throw_errno(errno, fmt::format("cannot send signal {} to process {}", number, pid_));
  }
}

void Process::freeze() const {
  signal(SIGSTOP);
  siginfo_t info{};
  if (::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WSTOPPED) != 0) {
    throw_errno(errno, "waitid");
  }
}

std::optional<ExitStatus> Process::wait(std::chrono::milliseconds deadline) {
  if (status_) return status_;
  pollfd ended{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
  const auto end = std::chrono::steady_clock::now() + deadline;
  int count = -1;
  do {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    count =
        ::poll(&ended, 1, static_cast<int>(std::max(left, std::chrono::milliseconds(0)).count()));
  } while (count < 0 && errno == EINTR);
  if (count <= 0) return std::nullopt;
  siginfo_t info{};
  if (::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED) != 0)
    throw_errno(errno, "waitid");
  status_ = info.si_code == CLD_EXITED ? ExitStatus{.code = info.si_status, .signal = 0}
                                       : ExitStatus{.code = -1, .signal = info.si_status};
  return status_;
}

Capture::Capture() : file_(::memfd_create("capture", MFD_CLOEXEC)) {
  if (file_.get() < 0) throw_errno(errno, "memfd_create");
}

std::string Capture::text() const {
  std::string result;
  std::string piece(65536, '\0');
  ssize_t count = 0;
  while ((count = ::pread(file_.get(), piece.data(), piece.size(),
                          static_cast<off_t>(result.size()))) > 0) {
    result.append(piece, 0, static_cast<std::size_t>(count));
  }
  return result;
}

Output run(const std::vector<std::string>& command, std::chrono::milliseconds deadline,
           const std::vector<std::string>& extra_environment) {
  const Capture out;
  const Capture err;
  Process process(command, {.in = -1, .out = out.fd(), .err = err.fd()}, extra_environment);
  const auto status = process.wait(deadline);
  return {.status = status, .out = out.text(), .err = err.text()};
}

std::string run_or_throw(const std::vector<std::string>& command,
                         std::chrono::milliseconds deadline) {
  auto output = run(command, deadline);
  if (output.status != ExitStatus{.code = 0, .signal = 0}) {
    throw std::runtime_error(
        fmt::format("{} failed: {}{}", fmt::join(command, " "), output.err, output.out));
  }
  return std::move(output.out);
}

void pause_between_looks() {
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

}  // namespace rollcall::support
