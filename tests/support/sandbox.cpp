#include "support/sandbox.hpp"

#include <cerrno>
#include <csignal>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <unistd.h>

#include "support/engine_tools.hpp"

namespace rollcall::support {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "rollcall-room-";
constexpr int room_namespaces = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET;

// The first process of the sandbox: when it ends, the kernel ends all others. It ends when the test
// closes its end of the pipe, or dies. As a shell it also reaps orphans.
// $1: the sandbox's folder, $2: the root of another system, or nothing; what is written there lasts
// as long as the sandbox.
constexpr const char* first_script = R"sh(
set -e
if [ -n "$2" ]; then
  mount -t tmpfs tmpfs /run
  mkdir /run/written /run/work /run/root
  mount -t overlay overlay -o "lowerdir=$2,upperdir=/run/written,workdir=/run/work" /run/root
  cd /run/root
  mount --rbind /dev dev
  mount -t sysfs sysfs sys
  mount --rbind /sys/fs/cgroup sys/fs/cgroup
  mkdir -p old ".$1"
  mount --bind "$1" ".$1"
  pivot_root . old
  cd /
  mount -t proc proc /proc
  umount -l /old
else
  mount -t proc proc /proc
fi
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /dev/shm  # where Podman keeps its locks
ip link set lo up
echo ready
read -r _
)sh";

void check(bool good, const char* what) {
  if (!good) throw std::system_error(errno, std::generic_category(), what);
}

// Namespaces belong to threads, so an action in other namespaces runs in a thread that then ends.
void in_a_thread(const std::function<void()>& action) {
  std::exception_ptr failure;
  std::thread([&] {
    try {
      action();
    } catch (...) {
      failure = std::current_exception();
    }
  }).join();
  if (failure) std::rethrow_exception(failure);
}

std::vector<fs::path> cgroups_named(const std::string& name) {
  std::vector<fs::path> result;
  std::error_code ignored;
  const fs::path root = "/sys/fs/cgroup";
  if (fs::exists(root / name, ignored)) result.push_back(root / name);
  for (const auto& controller : fs::directory_iterator(root, ignored)) {
    if (controller.is_directory(ignored) && fs::exists(controller.path() / name, ignored)) {
      result.push_back(controller.path() / name);
    }
  }
  return result;
}

template <class Visit>
void for_each_folder_below(const fs::path& top, const Visit& visit) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(top, ignored)) {
    if (entry.is_directory(ignored) && !entry.is_symlink(ignored))
      for_each_folder_below(entry.path(), visit);
  }
  visit(top);
}

// A process frozen by a version 1 control group does not even die of SIGKILL.
void thaw(const std::string& cgroup) {
  for (const auto& top : cgroups_named(cgroup)) {
    for_each_folder_below(top, [](const fs::path& folder) {
      if (const auto state = folder / "freezer.state"; fs::exists(state))
        std::ofstream(state) << "THAWED";
    });
  }
}

void remove_cgroups(const std::string& name) {
  const bool gone = eventually(std::chrono::seconds(5), [&] {
    for (const auto& top : cgroups_named(name)) {
      for_each_folder_below(top, [](const fs::path& folder) { ::rmdir(folder.c_str()); });
    }
    return cgroups_named(name).empty();
  });
  if (!gone) fmt::print(stderr, "the control groups named {} are still in use\n", name);
}

// The folder's lock distinguishes a sandbox in use from an abandoned one.
Fd lock_folder(const fs::path& folder) {
  Fd lock(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.get() >= 0 && ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) lock.reset();
  return lock;
}

void remove_room(const fs::path& folder) {
  thaw(folder.filename());
  remove_cgroups(folder.filename());
  std::error_code error;
  fs::remove_all(folder, error);
  if (error) fmt::print(stderr, "cannot remove {}: {}\n", folder.string(), error.message());
}

std::string make_folder() {
  std::string path = fmt::format("/tmp/{}XXXXXX", prefix);
  check(::mkdtemp(path.data()) != nullptr, "mkdtemp");
  return path;
}

}  // namespace

void remove_abandoned_sandboxes() {
  for (const auto& entry : fs::directory_iterator("/tmp")) {
    if (!entry.path().filename().string().starts_with(prefix)) continue;
    const Fd lock = lock_folder(entry.path());
    if (lock.get() >= 0) remove_room(entry.path());
  }
}

Sandbox::Sandbox() {
  if (::geteuid() != 0)
    throw std::runtime_error("tests with real engines need root; run scripts/test");
  remove_abandoned_sandboxes();
  folder_ = make_folder();
  lock_ = lock_folder(folder_);
  check(lock_.get() >= 0, "flock");
  try {
    open();
  } catch (...) {
    remove_room(folder_);
    throw;
  }
}

Sandbox::~Sandbox() {
  try {
    thaw(cgroup());
    keep_alive_.reset();
    if (first_ && !first_->wait(std::chrono::seconds(20))) {
      fmt::print(stderr, "processes in the room {} do not end\n", folder_);
    }
    remove_room(folder_);
  } catch (const std::exception& error) {
    fmt::print(stderr, "cannot clean up {}: {}\n", folder_, error.what());
  }
}

std::string Sandbox::cgroup() const {
  return fs::path(folder_).filename();
}

void Sandbox::open() {
  int ends[2] = {-1, -1};
  check(::pipe2(ends, O_CLOEXEC) == 0, "pipe2");
  const Fd read_end(ends[0]);
  keep_alive_ = Fd(ends[1]);
  const Capture said;
  const std::string root = engine_root();
  in_a_thread([&] {
    check(::unshare(room_namespaces) == 0, "unshare");
    check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "mount");
    first_.emplace(std::vector<std::string>{"bash", "-c", first_script, "room", folder_, root},
                   Streams{.in = read_end.get(), .out = said.fd(), .err = said.fd()});
  });
  const bool ready = eventually(std::chrono::seconds(10), [&] {
    return said.text() == "ready\n" || first_->wait(std::chrono::milliseconds(0)).has_value();
  });
  if (!ready || said.text() != "ready\n") {
    throw std::runtime_error("cannot open a room for engines: " + said.text());
  }
}

void Sandbox::enter() const {
  // A thread that shares its root and working folder with others may not join a mount namespace.
  check(::unshare(CLONE_FS) == 0, "unshare");
  check(::setns(first_->pidfd().get(), room_namespaces) == 0, "setns");
}

void Sandbox::join_network() const {
  check(::setns(first_->pidfd().get(), CLONE_NEWNET) == 0, "setns");
}

Process Sandbox::spawn(const std::vector<std::string>& command, Streams streams) const {
  std::optional<Process> process;
  in_a_thread([&] {
    enter();
    process.emplace(command, streams);
  });
  return std::move(*process);
}

void Sandbox::run(const std::vector<std::string>& command) const {
  const Capture said;
  auto process = spawn(command, {.in = -1, .out = said.fd(), .err = said.fd()});
  if (process.wait(std::chrono::seconds(30)) != ExitStatus{.code = 0, .signal = 0}) {
    throw std::runtime_error(fmt::format("{} failed: {}", fmt::join(command, " "), said.text()));
  }
}

}  // namespace rollcall::support
