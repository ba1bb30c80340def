#include "support/podman.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value_to.hpp>
#include <fmt/format.h>
#include <sys/resource.h>

#include "support/engine_tools.hpp"

namespace rollcall::support {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr std::string_view libpod = "/v4.0.0/libpod";

// The limit of processes that Podman itself sets.
constexpr int max_processes = 32768;

std::string id_in(const json::value& answer) {
  return json::value_to<std::string>(answer.at("Id"));
}

// Keeps Podman from raising limits, which takes a capability. There is no systemd to manage control
// groups or timers, and no journal.
constexpr const char* containers_conf = R"([containers]
default_ulimits = ["nofile={0}:{0}", "nproc={1}:{1}"]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "crun"
[network]
network_backend = "netavark"
)";

// crun refuses the hybrid layout of control groups, in which version 2 has no controllers.
constexpr const char* hide_unified =
    "if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi";

}  // namespace

Podman::Podman(Options options)
    : options_(options), api_(sandbox_.folder() + "/podman.sock", "/" + sandbox_.cgroup()) {
  for (const char* program : {"podman", "crun", "conmon"}) require_program(program, program);
  require_program("busybox", "busybox-static");
  sandbox_.run({"sh", "-c", hide_unified});
  configure();
  if (options_.start) start();
}

std::string Podman::socket() const {
  return sandbox_.folder() + "/podman.sock";
}

void Podman::configure() const {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  const auto& folder = sandbox_.folder();
  std::filesystem::create_directories(folder + "/net");
  std::ofstream(folder + "/containers.conf")
      << fmt::format(fmt::runtime(containers_conf), files.rlim_max, max_processes);
  std::ofstream(folder + "/storage.conf") << fmt::format(
      "[storage]\ndriver = \"overlay\"\ngraphroot = \"{0}/data\"\nrunroot = \"{0}/exec\"\n",
      folder);
}

void Podman::start() {
  launch();
  const bool answers =
      eventually(60s, [&] { return api_.ping() || process_->wait(0ms).has_value(); });
  if (!answers || !api_.ping())
    throw std::runtime_error("podman does not answer. It said:\n" + log());
  import_test_image();
}

// Uses private storage and configuration, so that nothing of the host's Podman leaks in.
Process Podman::service_at(const std::string& socket) const {
  const auto& folder = sandbox_.folder();
  std::vector<std::string> command = {
      "env",
      "--unset=CONTAINER_HOST",
      "--unset=CONTAINER_CONNECTION",
      "--unset=DOCKER_HOST",
      "XDG_RUNTIME_DIR=",
      "DISABLE_HC_SYSTEMD=true",
      "CONTAINERS_CONF=" + folder + "/containers.conf",
      "CONTAINERS_STORAGE_CONF=" + folder + "/storage.conf",
      "podman",
      "--root=" + folder + "/data",
      "--runroot=" + folder + "/exec",
      "--tmpdir=" + folder + "/tmp",
      "--volumepath=" + folder + "/vol",
      "--network-config-dir=" + folder + "/net",
      "--storage-driver=overlay",
      "--runtime=crun",
      "--cgroup-manager=cgroupfs",
      "--events-backend=file",
      "system",
      "service",
      fmt::format("--time={}", options_.idle_limit.count()),
      "unix://" + socket,
  };
  return sandbox_.spawn(command, {.in = -1, .out = log_.fd(), .err = log_.fd()});
}

void Podman::launch() {
  std::filesystem::remove(socket());  // Podman does not replace one left by a killed service
  process_.emplace(service_at(socket()));
}

std::string Podman::start_another() {
  const auto path = sandbox_.folder() + "/another.sock";
  another_.emplace(service_at(path));
  if (!eventually(30s, [&] { return DockerApi(path).ping(); }))
    throw std::runtime_error("podman does not answer. It said:\n" + log());
  return "unix://" + path;
}

void Podman::import_test_image() const {
  if (api_.call("GET", fmt::format("{}/images/{}/exists", libpod, test_image)).status == 204) {
    return;
  }
  api_.import_image(make_test_root(sandbox_.folder()), "rollcall/busybox");
}

void Podman::end_with(int signal) {
  process_->signal(signal);
  if (!process_->wait(60s)) throw std::runtime_error("podman does not end. It said:\n" + log());
  process_.reset();
}

void Podman::kill9() {
  end_with(SIGKILL);
}
void Podman::terminate() {
  end_with(SIGTERM);
}
void Podman::freeze() {
  process_->freeze();
}
void Podman::thaw() {
  process_->signal(SIGCONT);
}

bool Podman::ends(std::chrono::seconds deadline) {
  return process_->wait(deadline).has_value();
}

std::string Podman::create_pod(std::string_view name, const std::vector<Publication>& ports) const {
  json::array mappings;
  for (const Publication& port : ports) {
    mappings.push_back({{"container_port", port.container_port},
                        {"host_port", port.host_port},
                        {"protocol", port.protocol}});
  }
  api_.post(
      fmt::format("{}/pods/create", libpod),
      {{"name", name}, {"portmappings", mappings}, {"cgroup_parent", "/" + sandbox_.cgroup()}});
  return json::value_to<std::string>(
      api_.get(fmt::format("{}/pods/{}/json", libpod, name)).at("InfraContainerID"));
}

std::string Podman::run_in_pod(std::string_view pod, std::string_view name) const {
  auto id = id_in(
      api_.post(fmt::format("{}/containers/create", libpod), {{"name", name},
                                                              {"image", test_image},
                                                              {"pod", pod},
                                                              {"stop_signal", SIGKILL},
                                                              {"command", {"sleep", "1000000"}}}));
  api_.start(id);
  return id;
}

std::string Podman::run_with_range(std::string_view name, std::uint16_t port,
                                   std::uint16_t host_port, std::uint16_t size) const {
  const json::object range{
      {"container_port", port}, {"host_port", host_port}, {"range", size}, {"protocol", "tcp"}};
  auto id = id_in(api_.post(fmt::format("{}/containers/create", libpod),
                            {{"name", name},
                             {"image", test_image},
                             {"cgroup_parent", "/" + sandbox_.cgroup()},
                             {"portmappings", json::array{range}},
                             {"stop_signal", SIGKILL},
                             {"command", {"sleep", "1000000"}}}));
  api_.start(id);
  return id;
}

void Podman::act_on_pod(std::string_view pod, std::string_view verb) const {
  api_.post(fmt::format("{}/pods/{}/{}", libpod, pod, verb));
}

void Podman::remove_pod(std::string_view pod) const {
  const auto target = fmt::format("{}/pods/{}?force=true", libpod, pod);
  const auto reply = api_.call("DELETE", target);
  if (reply.status != 200) throw std::runtime_error(fmt::format("{}: {}", target, reply.body));
}

void Podman::check_health(std::string_view container) const {
  const auto target = fmt::format("{}/containers/{}/healthcheck", libpod, container);
  const auto reply = api_.call("GET", target);
  if (reply.status != 200) throw std::runtime_error(fmt::format("{}: {}", target, reply.body));
}

}  // namespace rollcall::support
