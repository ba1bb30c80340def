#include "support/systemd_manager.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rollcall::support {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::chrono::seconds start_deadline{30};
constexpr std::chrono::seconds command_deadline{60};

// $1: the sandbox's folder, $2: the name of its control group. Everything runs below that group;
// /run is private, so that no program outside believes that this host was booted with systemd.
constexpr const char* prepare_script = R"sh(
set -eu
for root in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
  [ -e "$root/cgroup.procs" ] || continue
  mkdir -p "$root/$2"
  echo $$ >"$root/$2/cgroup.procs"
done
mkdir -p /run/systemd/system
)sh";

constexpr const char* user_script = R"sh(
mkdir -p "$1"/run "$1"/home "$1"/config/systemd/user "$1"/data
chmod 700 "$1"/run
rm -rf "$1"/run/systemd "$1"/run/bus
mount -t tmpfs tmpfs /etc/systemd/user
mount --bind /dev/null /dev/console
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME="$1/home" \
  XDG_RUNTIME_DIR="$1/run" XDG_CONFIG_HOME="$1/config" XDG_DATA_HOME="$1/data" \
  /lib/systemd/systemd --user --log-target=null
)sh";

// The few units that a system needs to reach multi-user.target, and a control group namespace of
// its own, as in a container.
constexpr const char* system_script = R"sh(
base="$1/base"
mkdir -p "$1"/units "$1"/run "$1"/none "$1"/etc "$base"/sockets.target.wants
for unit in basic sysinit sockets timers paths slices local-fs local-fs-pre swap shutdown umount \
  final exit reboot halt poweroff multi-user network emergency; do
  [ ! -e /lib/systemd/system/$unit.target ] || cp -L /lib/systemd/system/$unit.target "$base/"
done
cp -L /lib/systemd/system/dbus.service /lib/systemd/system/dbus.socket \
  /lib/systemd/system/user.slice /lib/systemd/system/systemd-exit.service "$base/"
find "$base" -maxdepth 1 -type f -exec sed -i '/^Alias=/d' {} +
ln -sfn multi-user.target "$base/default.target"
ln -sfn ../dbus.socket "$base/sockets.target.wants/dbus.socket"
exec unshare --mount --pid --cgroup --uts --ipc --fork --kill-child=SIGKILL bash -ec '
  mount -t proc proc /proc
  mount --bind "$1/run" /run
  mkdir -p /run/systemd/system /run/lock /run/dbus /run/log
  umount -R -l /sys/fs/cgroup
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  mount --bind /dev/null /dev/console
  mount --bind "$1/none" /lib/systemd/system-generators
  mount --bind "$1/etc" /etc/systemd
  exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 container=rollcall \
    SYSTEMD_UNIT_PATH="$1/units:/run/systemd/system:$1/base" \
    /lib/systemd/systemd --system --log-target=null --show-status=no
' bash "$1"
)sh";

fs::path unit_folder(const Sandbox& room, SystemdManager::Kind kind) {
  const fs::path folder = room.folder();
  return kind == SystemdManager::Kind::user ? folder / "config/systemd/user" : folder / "units";
}

}  // namespace

SystemdManager::SystemdManager(Kind kind) : kind_(kind) {
  for (const char* program : {"/lib/systemd/systemd", "/usr/bin/dbus-daemon"}) {
    if (fs::exists(program)) continue;
    throw std::runtime_error(
        fmt::format("{} is not installed, and this test drives a real systemd; "
                    "scripts/setup --test installs it",
                    program));
  }
  start();
}

void SystemdManager::start() {
  const std::string script =
      std::string(prepare_script) + (kind_ == Kind::user ? user_script : system_script);
  process_.emplace(
      sandbox_.spawn({"bash", "-c", script, "bash", sandbox_.folder(), sandbox_.cgroup()},
                     {.in = -1, .out = log_.fd(), .err = log_.fd()}));
  const bool up =
      eventually(start_deadline, [&] { return answers() || process_->wait(0ms).has_value(); });
  if (!up || !answers()) {
    throw std::runtime_error("systemd does not answer. It said:\n" + log_.text());
  }
}

bool SystemdManager::answers() const {
  if (!fs::exists(bus())) return false;
  const Output state =
      support::run({"busctl", "--address=unix:path=" + bus(), "--auto-start=no", "get-property",
                    "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                    "org.freedesktop.systemd1.Manager", "SystemState"},
                   5s);
  return state.out.contains("running") || state.out.contains("degraded");
}

pid_t SystemdManager::pid() const {
  if (kind_ == Kind::user) return process_->pid();
  // The process that was started only waits for the first process in the namespaces that it made.
  std::ifstream children(fmt::format("/proc/{0}/task/{0}/children", process_->pid()));
  pid_t first = 0;
  children >> first;
  return first;
}

void SystemdManager::kill9() {
  process_->signal(SIGKILL);
  if (!process_->wait(10s)) throw std::runtime_error("systemd does not die");
  process_.reset();
}

std::string SystemdManager::bus() const {
  return sandbox_.folder() + (kind_ == Kind::user ? "/run/bus" : "/run/dbus/system_bus_socket");
}

void SystemdManager::stop_bus() {
  systemctl({"stop", "dbus.socket", "dbus.service"});
}

void SystemdManager::start_bus() {
  systemctl({"start", "dbus.socket", "dbus.service"});
  if (!eventually(10s, [this] { return answers(); })) {
    throw std::runtime_error("the bus does not come back");
  }
}

void SystemdManager::kill_bus() {
  const auto main_pid = [this]() -> std::string {
    Output told = run_systemctl({"show", "--property=MainPID", "--value", "dbus.service"});
    return told.status == ExitStatus{.code = 0, .signal = 0} ? std::move(told.out) : "";
  };
  std::string before;
  const auto runs = [&] {
    before = main_pid();
    return !before.empty() && before != "0\n";
  };
  if (!eventually(20s, runs)) throw std::runtime_error("there is no bus to kill");
  // The answer may be lost with the bus, so another main process shows that the bus was killed.
  const Output killed = run_systemctl({"kill", "--signal=KILL", "dbus.service"});
  const auto is_another = [&] {
    const std::string now = main_pid();
    return !now.empty() && now != before;
  };
  if (!eventually(20s, is_another)) {
    throw std::runtime_error("the bus is not killed: " + killed.err);
  }
}

void SystemdManager::write_unit(const std::string& name, const std::string& text) const {
  const fs::path path = unit_folder(sandbox_, kind_) / name;
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

void SystemdManager::remove_unit(const std::string& name) const {
  fs::remove(unit_folder(sandbox_, kind_) / name);
}

Output SystemdManager::run_systemctl(std::vector<std::string> words) const {
  // Uses the private socket, which works without the bus, too. It accepts no client from outside
  // the manager's own processes.
  std::vector<std::string> command;
  if (kind_ == Kind::user) {
    command = {"env", "XDG_RUNTIME_DIR=" + sandbox_.folder() + "/run", "systemctl", "--user"};
  } else {
    command = {"nsenter", "--target", fmt::format("{}", pid()), "--all", "systemctl"};
  }
  command.emplace_back("--no-pager");
  std::ranges::move(words, std::back_inserter(command));
  if (kind_ == Kind::system) return support::run(command, command_deadline);
  const Capture out;
  const Capture err;
  Process process = sandbox_.spawn(command, {.in = -1, .out = out.fd(), .err = err.fd()});
  const auto status = process.wait(command_deadline);
  return {.status = status, .out = out.text(), .err = err.text()};
}

std::string SystemdManager::systemctl(std::vector<std::string> words) const {
  const std::string what = fmt::format("systemctl {}", fmt::join(words, " "));
  Output output = run_systemctl(std::move(words));
  if (output.status == ExitStatus{.code = 0, .signal = 0}) return std::move(output.out);
  throw std::runtime_error(fmt::format("{} failed: {}", what, output.err));
}

std::vector<std::string> SystemdManager::running_services() const {
  std::istringstream lines(systemctl({"list-units", "--plain", "--no-legend", "--full",
                                      "--type=service", "--state=active,activating,reloading"}));
  std::vector<std::string> services;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    std::string loaded;
    std::string active;
    std::string sub;
    words >> name >> loaded >> active >> sub;
    services.push_back(fmt::format("{} {} {}", name, active, sub));
  }
  return services;
}

bool SystemdManager::runs_as(const std::string& unit, const std::string& command) const {
  std::istringstream lines(systemctl({"show", "--property=ControlGroup", "--value", unit}));
  std::string group;
  std::getline(lines, group);
  for (const char* root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    std::ifstream processes(root + group + "/cgroup.procs");
    for (std::string number; processes >> number;) {
      std::string name;
      std::ifstream comm("/proc/" + number + "/comm");
      std::getline(comm, name);
      if (name == command) return true;
    }
  }
  return false;
}

}  // namespace rollcall::support
