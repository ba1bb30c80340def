#include "support/dockerd.hpp"

#include <csignal>
#include <fstream>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

#include "support/engine_tools.hpp"

namespace rollcall::support {
namespace {

// A daemon that finds many containers of an earlier one answers only after it has checked them all.
constexpr std::chrono::seconds start_deadline{60};
constexpr std::chrono::seconds end_deadline{60};

}  // namespace

Dockerd::Dockerd(DockerdOptions options)
    : options_(std::move(options)), api_(sandbox_.folder() + "/docker.sock") {
  require_program("dockerd", "docker.io");
  require_program("busybox", "busybox-static");
  std::ofstream(sandbox_.folder() + "/daemon.json") << "{}";
  if (options_.start) start();
}

std::string Dockerd::socket() const {
  return sandbox_.folder() + "/docker.sock";
}

std::string Dockerd::log() const {
  return log_.text();
}

void Dockerd::start() {
  launch();
  const bool answers = eventually(start_deadline, [&] {
    return api_.ping() || process_->wait(std::chrono::milliseconds(0)).has_value();
  });
  if (!answers || !api_.ping())
    throw std::runtime_error("dockerd does not answer. It said:\n" + log());
  import_test_image();
}

// Uses a private data folder and configuration file, so that nothing of the host's engine leaks in.
void Dockerd::launch() {
  const auto& folder = sandbox_.folder();
  std::vector<std::string> command = {
      "dockerd",
      "--config-file",
      folder + "/daemon.json",
      "--host",
      endpoint(),
      "--pidfile",
      folder + "/pid",
      "--data-root",
      folder + "/data",
      "--exec-root",
      folder + "/exec",
      "--cgroup-parent",
      "/" + sandbox_.cgroup(),
      "--exec-opt",
      "native.cgroupdriver=cgroupfs",
      "--shutdown-timeout",
      "1",
  };
  if (options_.live_restore) command.emplace_back("--live-restore");
  for (std::string& argument : tls_arguments()) command.push_back(std::move(argument));
  process_.emplace(sandbox_.spawn(command, {.in = -1, .out = log_.fd(), .err = log_.fd()}));
}

std::vector<std::string> Dockerd::tls_arguments() const {
  if (!options_.tls) return {};
  const auto write = [this](const char* name, const std::string& text) {
    std::string path = sandbox_.folder() + "/" + name;
    std::ofstream(path) << text;
    return path;
  };
  return {"--tlsverify",
          "--tlscacert",
          write("tls-clients.pem", options_.tls->client_authority),
          "--tlscert",
          write("tls-cert.pem", options_.tls->identity.certificate),
          "--tlskey",
          write("tls-key.pem", options_.tls->identity.key),
          "--host",
          fmt::format("tcp://127.0.0.1:{}", tls_port())};
}

void Dockerd::import_test_image() const {
  if (api_.call("GET", fmt::format("/images/{}/json", test_image)).status == 200) return;
  api_.import_image(make_test_root(sandbox_.folder()), "rollcall/busybox");
}

void Dockerd::end_with(int signal) {
  process_->signal(signal);
  if (!process_->wait(end_deadline))
    throw std::runtime_error("dockerd does not end. It said:\n" + log());
  process_.reset();
}

void Dockerd::kill9() {
  end_with(SIGKILL);
}
void Dockerd::terminate() {
  end_with(SIGTERM);
}
void Dockerd::freeze() {
  process_->freeze();
}
void Dockerd::thaw() {
  process_->signal(SIGCONT);
}

void Dockerd::kill_processes(const std::vector<std::string>& pids) const {
  std::vector<std::string> command = {"kill", "-9"};
  command.insert(command.end(), pids.begin(), pids.end());
  sandbox_.run(command);
}

}  // namespace rollcall::support
