// A private, real LXD or Incus server.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <rollcall/instance.hpp>

#include "support/docker_api.hpp"
#include "support/process.hpp"
#include "support/sandbox.hpp"

namespace rollcall::support {

/// The settings of an instance. Its image is busybox, which requests an address by DHCP if it has a
/// network, and ends when it is asked to.
struct IncusSpec {
  std::string name;
  std::string project = "default";
  std::map<std::string, std::string> config = {};
  boost::json::object devices = {};
  bool ephemeral = false;
};

/// LXD of this system or, with ROLLCALL_ENGINE_ROOT, Incus of a newer one, in a sandbox, with its
/// own folder, control groups and network. Does not touch the host's server, and leaves nothing
/// behind, whatever happens to the test.
///
/// Instances outlive the server, as with every Incus. Calls throw, with the server's answer, if the
/// server refuses or fails. Ids are "project/name".
class IncusServer {
 public:
  struct Options {
    bool network = false;  ///< Instances get an address by DHCP from a bridge in the sandbox.
  };

  IncusServer() : IncusServer(Options{}) {}
  explicit IncusServer(Options options);
  IncusServer(const IncusServer&) = delete;
  IncusServer& operator=(const IncusServer&) = delete;
  ~IncusServer() = default;

  void start();      ///< For the first time or again; waits until it answers.
  void kill9();      ///< Like a crash: the socket file stays.
  void terminate();  ///< Like a stop by the service manager.
  void freeze();     ///< SIGSTOP: the kernel accepts connections, but nothing answers.
  void thaw();       ///< SIGCONT.

  /// "lxd" or "incus".
  [[nodiscard]] const std::string& family() const noexcept { return family_; }
  [[nodiscard]] const Sandbox& room() const noexcept { return sandbox_; }
  [[nodiscard]] std::string socket() const;
  [[nodiscard]] std::string endpoint() const { return "unix://" + socket(); }
  [[nodiscard]] std::string log() const { return log_.text(); }

  /// The metadata of the answer.
  [[nodiscard]] boost::json::value get(std::string_view target) const;

  /// Sends a request, and waits for the end of the operation that it starts.
  void act(std::string_view method, std::string_view target, const boost::json::value& body) const;

  std::string create(const IncusSpec& spec) const;
  std::string run(const IncusSpec& spec) const;  ///< Creates and starts.
  void start(std::string_view id) const { set_state(id, "start", false); }
  void stop(std::string_view id) const { set_state(id, "stop", true); }
  void shut_down(std::string_view id) const { set_state(id, "stop", false); }
  void restart(std::string_view id) const { set_state(id, "restart", true); }
  void pause(std::string_view id) const { set_state(id, "freeze", false); }
  void unpause(std::string_view id) const { set_state(id, "unfreeze", false); }
  void rename(std::string_view id, std::string_view name) const;
  void remove(std::string_view id) const;  ///< Even a running one.
  /// Changes some of its settings and devices.
  void edit(std::string_view id, const boost::json::object& change) const;
  void exec(std::string_view id, const std::vector<std::string>& command) const;
  void create_project(std::string_view name) const;
  /// For a project that does not share the images of the others.
  void import_image(std::string_view project) const;

 private:
  void prepare();
  void configure() const;
  void make_image() const;
  void set_state(std::string_view id, std::string_view action, bool force) const;
  void tell(std::string_view command) const;
  void end_with(std::string_view signal);
  [[nodiscard]] bool answers() const;

  Sandbox sandbox_;
  Options options_;
  std::string family_;
  DockerApi http_;
  Capture log_;
  std::optional<Process> keeper_;
};

/// One sentence for each way in which the instances, by id, differ from those in the server's own
/// API: missing ones, ghosts, other states, addresses or labels.
std::vector<std::string> incus_differences(const std::map<std::string, InstancePtr>& instances,
                                           const IncusServer& server);

}  // namespace rollcall::support
