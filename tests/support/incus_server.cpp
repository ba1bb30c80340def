#include "support/incus_server.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <stdexcept>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include "support/engine_tools.hpp"

namespace rollcall::support {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace std::chrono_literals;

// $1: the sandbox's folder, $2: the name of its control group, the rest: the server. Everything
// runs below that group, and sees it as the root of version 2. The first process holds the
// namespaces, so that the server's children outlive it, and takes commands through a pipe.
constexpr const char* keeper_script = R"sh(
set -eu
for root in /sys/fs/cgroup /sys/fs/cgroup/unified; do
  [ -e "$root/cgroup.procs" ] || continue
  mkdir -p "$root/$2"
  echo $$ >"$root/$2/cgroup.procs"
done
exec unshare --mount --pid --cgroup --fork --kill-child=SIGKILL bash -c '
  set -eu
  folder=$1
  shift 2
  mount -t proc proc /proc
  umount -R -l /sys/fs/cgroup
  mount -t sysfs sysfs /sys
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  grep -q ^root: /etc/subuid || echo root:1000000:1000000000 >>/etc/subuid
  grep -q ^root: /etc/subgid || echo root:1000000:1000000000 >>/etc/subgid
  exec 3<>"$folder/control"
  set +e
  while read -r verb what <&3; do
    case $verb in
      start) "$@" 3<&- & server=$! ;;
      signal) kill -"$what" "$server" ;;
      end) kill -"$what" "$server"; wait "$server"; touch "$folder/ended" ;;
    esac
  done
' bash "$@"
)sh";

constexpr const char* image_script = R"sh(
set -eu
cd "$1"
mkdir -p root/sbin root/root root/run root/var
for applet in ip udhcpc; do ln -s busybox root/bin/$applet; done
cat >root/sbin/init <<'INIT'
#!/bin/sh
trap 'exit 0' PWR TERM
if [ -d /sys/class/net/eth0 ]; then
  ip link set eth0 up
  udhcpc -i eth0 -s /sbin/lease >/dev/null 2>&1 &
fi
while :; do
  sleep 1000000 &
  wait $!
done
INIT
cat >root/sbin/lease <<'LEASE'
#!/bin/sh
[ "$1" != bound ] || ip addr add "$ip/$mask" dev "$interface"
LEASE
chmod 755 root/sbin/init root/sbin/lease
echo 'root:x:0:' >root/etc/group
cat >metadata.yaml <<METADATA
architecture: $(uname -m)
creation_date: 1700000000
properties: {description: Busybox of a test, os: busybox}
METADATA
mv root rootfs
tar --numeric-owner --owner=0 --group=0 -cf image.tar metadata.yaml rootfs
)sh";

constexpr std::string_view bridge = "testbr0";

std::string path_of(std::string_view id, std::string_view below = {}) {
  const std::size_t slash = id.find('/');
  return fmt::format("/1.0/instances/{}{}?project={}", id.substr(slash + 1), below,
                     id.substr(0, slash));
}

json::value checked(std::string_view target, const Reply& reply) {
  if (reply.status < 200 || reply.status > 299) {
    throw std::runtime_error(fmt::format("{}: {} {}", target, reply.status, reply.body));
  }
  return json::parse(reply.body);
}

bool is_there(const std::string& program) {
  return fs::exists(engine_root() + program);
}

std::string text_in(const json::value& value, std::string_view key) {
  return json::value_to<std::string>(value.at(key));
}

}  // namespace

IncusServer::IncusServer(Options options)
    : options_(options),
      family_(is_there("/usr/libexec/incus/incusd") ? "incus" : "lxd"),
      http_(socket()) {
  require_program(family_ == "incus" ? "/usr/libexec/incus/incusd" : "lxd",
                  family_ == "incus" ? "incus-base" : "lxd");
  require_program("busybox", "busybox-static");
  prepare();
  start();
  configure();
}

std::string IncusServer::socket() const {
  return sandbox_.folder() + "/d/unix.socket";
}

void IncusServer::prepare() {
  const std::string& folder = sandbox_.folder();
  fs::create_directory(folder + "/d");
  // The root of a container lies below, and is entered by users of the container.
  for (const std::string& path : {folder, folder + "/d"}) fs::permissions(path, fs::perms(0711));
  if (::mkfifo((folder + "/control").c_str(), 0600) != 0) throw std::runtime_error("mkfifo failed");
  std::vector<std::string> command = {"bash", "-c",   keeper_script,
                                      "bash", folder, sandbox_.cgroup()};
  const bool incus = family_ == "incus";
  for (const std::string& word :
       {std::string("env"), (incus ? "INCUS_DIR=" : "LXD_DIR=") + folder + "/d",
        std::string(incus ? "/usr/libexec/incus/incusd" : "lxd"), std::string("--group"),
        std::string("root"), "--logfile=" + folder + "/server.log"}) {
    command.push_back(word);
  }
  keeper_.emplace(sandbox_.spawn(command, {.in = -1, .out = log_.fd(), .err = log_.fd()}));
}

void IncusServer::tell(std::string_view command) const {
  std::ofstream(sandbox_.folder() + "/control") << command << '\n' << std::flush;
}

bool IncusServer::answers() const {
  try {
    return http_.call("GET", "/1.0", {}, "application/json", 2s).status == 200;
  } catch (const std::exception&) {
    return false;
  }
}

void IncusServer::start() {
  tell("start");
  if (!eventually(60s, [&] { return answers(); })) {
    throw std::runtime_error(family_ + " does not answer. It said:\n" + log());
  }
}

void IncusServer::end_with(std::string_view signal) {
  const std::string ended = sandbox_.folder() + "/ended";
  tell(fmt::format("end {}", signal));
  if (!eventually(60s, [&] { return fs::exists(ended); })) {
    throw std::runtime_error(family_ + " does not end. It said:\n" + log());
  }
  fs::remove(ended);
}

void IncusServer::kill9() {
  end_with("KILL");
}
void IncusServer::terminate() {
  end_with("TERM");
}
void IncusServer::freeze() {
  tell("signal STOP");
  if (!eventually(10s, [&] { return !answers(); })) throw std::runtime_error("it does not freeze");
}
void IncusServer::thaw() {
  tell("signal CONT");
}

json::value IncusServer::get(std::string_view target) const {
  return checked(target, http_.call("GET", target)).at("metadata");
}

void IncusServer::act(std::string_view method, std::string_view target,
                      const json::value& body) const {
  const std::string text = body.is_null() ? std::string() : json::serialize(body);
  const json::value answer = checked(target, http_.call(method, target, text));
  const auto operation = text_in(answer, "operation");
  if (operation.empty()) return;
  const json::value done = get(operation + "/wait?timeout=60");
  // For an operation that failed, Incus reports no metadata.
  if (!done.is_object() || done.at("status_code").to_number<int>() != 200) {
    throw std::runtime_error(fmt::format("{}: {}", target, json::serialize(done)));
  }
}

void IncusServer::configure() const {
  act("POST", "/1.0/storage-pools", {{"name", "default"}, {"driver", "dir"}});
  json::object devices{{"root", {{"type", "disk"}, {"path", "/"}, {"pool", "default"}}}};
  if (options_.network) {
    act("POST", "/1.0/networks",
        {{"name", bridge},
         {"type", "bridge"},
         {"config",
          {{"ipv4.address", "10.191.7.1/24"},
           {"ipv4.nat", "false"},
           {"ipv4.firewall", "false"},
           {"ipv6.address", "none"},
           {"ipv6.firewall", "false"}}}});
    devices["eth0"] = {{"type", "nic"}, {"name", "eth0"}, {"network", bridge}};
  }
  act("PATCH", "/1.0/profiles/default", {{"devices", devices}});
  make_image();
  import_image("default");
}

void IncusServer::make_image() const {
  const std::string& folder = sandbox_.folder();
  make_test_root(folder);
  run_or_throw({"sh", "-c", image_script, "sh", folder});
}

void IncusServer::import_image(std::string_view project) const {
  std::ifstream file(sandbox_.folder() + "/image.tar", std::ios::binary);
  const std::string tar{std::istreambuf_iterator<char>(file), {}};
  const std::string target = fmt::format("/1.0/images?project={}", project);
  const auto reply = http_.call("POST", target, tar, "application/octet-stream");
  const auto operation = text_in(checked(target, reply), "operation");
  const json::value done = get(operation + "/wait?timeout=60");
  act("POST", fmt::format("/1.0/images/aliases?project={}", project),
      {{"name", "busybox"}, {"target", done.at("metadata").at("fingerprint")}});
}

std::string IncusServer::create(const IncusSpec& spec) const {
  json::object config;
  for (const auto& [key, value] : spec.config) config[key] = value;
  act("POST", "/1.0/instances?project=" + spec.project,
      {{"name", spec.name},
       {"source", {{"type", "image"}, {"alias", "busybox"}}},
       {"config", config},
       {"devices", spec.devices},
       {"ephemeral", spec.ephemeral}});
  return spec.project + "/" + spec.name;
}

std::string IncusServer::run(const IncusSpec& spec) const {
  std::string id = create(spec);
  start(id);
  return id;
}

void IncusServer::set_state(std::string_view id, std::string_view action, bool force) const {
  act("PUT", path_of(id, "/state"), {{"action", action}, {"force", force}, {"timeout", 30}});
}

void IncusServer::rename(std::string_view id, std::string_view name) const {
  act("POST", path_of(id), {{"name", name}});
}

void IncusServer::remove(std::string_view id) const {
  const std::string status = text_in(get(path_of(id)), "status");
  if (status != "Stopped") stop(id);
  act("DELETE", path_of(id), nullptr);
}

void IncusServer::edit(std::string_view id, const json::object& change) const {
  act("PATCH", path_of(id), change);
}

void IncusServer::exec(std::string_view id, const std::vector<std::string>& command) const {
  act("POST", path_of(id, "/exec"),
      {{"command", json::array(command.begin(), command.end())},
       {"wait-for-websocket", false},
       {"interactive", false}});
}

void IncusServer::create_project(std::string_view name) const {
  act("POST", "/1.0/projects",
      {{"name", name}, {"config", {{"features.images", "false"}, {"features.profiles", "false"}}}});
}

std::vector<std::string> incus_differences(const std::map<std::string, InstancePtr>& instances,
                                           const IncusServer& server) {
  const auto facts = [](std::string_view state, const std::set<std::string>& addresses,
                        std::string_view word) {
    return fmt::format("{} [{}] {}", state, fmt::join(addresses, " "), word);
  };
  std::map<std::string, std::string> told;
  for (const auto& [id, it] : instances) {
    std::set<std::string> addresses;
    for (const Address& address : it->addresses) addresses.insert(address.ip);
    told[id] = facts(to_string(it->state), addresses, it->labels.find("user.word").value_or(""));
  }
  std::map<std::string, std::string> here;
  const json::value all = server.get("/1.0/instances?recursion=2&all-projects=true");
  for (const json::value& it : all.as_array()) {
    const std::string status = text_in(it, "status");
    if (status != "Running" && status != "Frozen") continue;
    std::set<std::string> addresses;
    for (const auto& [name, interface] : it.at("state").at("network").as_object()) {
      for (const json::value& address : interface.at("addresses").as_array()) {
        if (text_in(address, "scope") == "global") addresses.insert(text_in(address, "address"));
      }
    }
    const auto* word = it.at("expanded_config").as_object().if_contains("user.word");
    here[text_in(it, "project") + "/" + text_in(it, "name")] =
        facts(status == "Frozen" ? "paused" : "running", addresses,
              word == nullptr ? "" : std::string_view(word->get_string()));
  }
  std::vector<std::string> sentences;
  for (const auto& [id, it] : here) {
    if (!told.contains(id)) sentences.push_back(id + " is missing");
    if (told.contains(id) && told[id] != it) {
      sentences.push_back(fmt::format("{} is {}, and told as {}", id, it, told[id]));
    }
  }
  for (const auto& [id, it] : told) {
    if (!here.contains(id)) sentences.push_back(id + " is a ghost");
  }
  return sentences;
}

}  // namespace rollcall::support
