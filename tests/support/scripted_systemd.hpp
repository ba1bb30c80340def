// A systemd manager scripted by a test, with its bus: D-Bus over a Unix socket, in the test's own
// executor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "transport/dbus/message.hpp"

namespace rollcall::test {

/// A unit as the manager has it.
struct ScriptedUnit {
  std::string description = "A test unit";
  std::string load_state = "loaded";
  std::string active_state = "active";
  std::string sub_state = "running";
  std::string job_type{};
  std::string fragment_path{};
  std::vector<std::string> drop_in_paths{};
  bool needs_reload = false;
  std::string freezer_state = "running";
  std::string result = "success";
  std::string control_group{};
  std::uint32_t main_pid = 0;
  std::uint32_t restarts = 0;
  std::uint64_t active_since = 0;
  std::uint8_t invocation = 1;  ///< The value of all sixteen bytes of its id.
  bool private_network = false;
  std::string user{};
  std::vector<std::vector<std::string>> commands{};  ///< Each with its program as first argument.
  std::vector<std::pair<std::string, std::string>> listen{};
  std::vector<std::string> triggers{};
};

class ScriptedSystemd {
 public:
  /// Listens at once, in a folder of its own.
  explicit ScriptedSystemd(boost::asio::io_context& io);
  ~ScriptedSystemd();
  ScriptedSystemd(const ScriptedSystemd&) = delete;
  ScriptedSystemd& operator=(const ScriptedSystemd&) = delete;

  [[nodiscard]] std::string socket() const;
  [[nodiscard]] std::string url() const { return "unix://" + socket(); }
  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }

  std::map<std::string, ScriptedUnit> units;      ///< Those that are loaded.
  std::map<std::string, std::string> unit_files;  ///< Path to state.

  // Signals, to all connected clients.
  void tell_changed(const std::string& unit);  ///< PropertiesChanged, of both interfaces.
  void tell_removed(const std::string& unit);
  void tell_reloading(bool active);
  void tell_owner(bool owned);                 ///< NameOwnerChanged of systemd.
  void tell_garbage(const std::string& unit);  ///< PropertiesChanged with a wrong type in it.

  // How it listens and answers. Existing connections stay.
  void listen();
  void refuse();  ///< Nothing listens; the socket file remains.
  void hide();    ///< Nothing listens, and the socket file is gone.
  void fill_backlog();
  void drop_connections();

  bool mute = false;    ///< Calls of the manager are never answered.
  std::string error{};  ///< If set, calls of the manager fail with this error name.
  bool systemd_is_there = true;
  std::string version = "257 (scripted)";
  /// Called before each answer, with the call as in `calls`.
  std::function<void(const std::string& call)> before_answer{};

  std::vector<std::string> calls;  ///< "Get web.service MainPID", in the order in which they came.
  std::size_t accepted = 0;        ///< The number of connections.
  std::size_t most_waiting = 0;    ///< The most calls that waited at once while answers were held.
  bool hold_answers = false;
  void answer_held();

 private:
  struct Impl;
  std::filesystem::path folder_;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rollcall::test
