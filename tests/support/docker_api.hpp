// A small, blocking client of the Docker Engine API: the hand that moves the engine in live tests.
//
// It shares no code with the library, so that the tests do not trust what they test.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

namespace rollcall::support {

struct Reply {
  int status = 0;
  std::string body;
};

struct Publication {
  std::uint16_t container_port = 0;
  std::uint16_t host_port = 0;  ///< 0: not published, only exposed.
  std::string host_ip = {};     ///< Empty: all.
  std::string protocol = "tcp";
};

/// The settings of a container. A stop ends it at once, by SIGKILL.
struct ContainerSpec {
  std::string name = {};
  std::vector<std::string> command = {"sleep", "1000000"};
  std::map<std::string, std::string> labels = {};
  std::vector<Publication> ports = {};
  std::string network = "bridge";  ///< Also "none", "host", "container:ID".
  std::string health_check = {};   ///< A shell command, run every second; empty: none.
  std::string restart_policy = "no";
};

/// Calls of one engine. Each throws, with the engine's answer, if the engine refuses or fails.
class DockerApi {
 public:
  /// `cgroup_parent`: of the containers, for engines that need it named for each of them.
  explicit DockerApi(std::string socket, std::string cgroup_parent = {})
      : socket_(std::move(socket)), cgroup_parent_(std::move(cgroup_parent)) {}

  /// One request on a connection of its own.
  [[nodiscard]] Reply call(std::string_view method, std::string_view target,
                           std::string_view body = {},
                           std::string_view content_type = "application/json",
                           std::chrono::seconds deadline = std::chrono::seconds(60)) const;

  /// Whether the engine answers.
  [[nodiscard]] bool ping(std::chrono::seconds deadline = std::chrono::seconds(2)) const noexcept;

  [[nodiscard]] boost::json::value get(std::string_view target) const;
  boost::json::value post(std::string_view target, const boost::json::value& body = nullptr) const;

  /// Makes an image from a tar archive of a root file system.
  void import_image(std::string_view tar, std::string_view repository) const;

  /// Each returns the id.
  std::string create(const ContainerSpec& spec) const;
  std::string run(const ContainerSpec& spec) const;  ///< Creates and starts.
  std::string create_network(std::string_view name) const;

  void start(std::string_view container) const;
  void stop(std::string_view container) const;
  void restart(std::string_view container) const;
  void kill(std::string_view container, std::string_view signal = "KILL") const;
  void pause(std::string_view container) const;
  void unpause(std::string_view container) const;
  void rename(std::string_view container, std::string_view name) const;
  void remove(std::string_view container) const;  ///< Even a running one, as `rm -f` does.
  void connect_network(std::string_view network, std::string_view container) const;
  void disconnect_network(std::string_view network, std::string_view container) const;

  [[nodiscard]] boost::json::value inspect(std::string_view container) const;

 private:
  void act(std::string_view container, std::string_view verb) const;

  std::string socket_;
  std::string cgroup_parent_;
};

/// The image that live tests run: busybox, imported by Dockerd.
inline constexpr std::string_view test_image = "rollcall/busybox:latest";

}  // namespace rollcall::support
