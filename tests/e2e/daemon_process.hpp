// `rollcall serve` as its operator starts it, and curl as its client.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/value.hpp>
#include <rollcall/instance.hpp>

#include "support/process.hpp"
#include "support/temp_folder.hpp"

namespace rollcall::support {

/// The reply that curl received.
struct CurlReply {
  int status = 0;  ///< 0: no answer.
  std::string body;
};

/// The daemon, with a folder, a socket and a free port of its own.
class DaemonProcess {
 public:
  /// `arguments` follow `rollcall serve` on the command line. Starts nothing yet.
  explicit DaemonProcess(std::vector<std::string> arguments,
                         std::vector<std::string> environment = {});

  /// Starts it and waits until it listens; throws with its log if it does not.
  void start();
  void start_without_waiting();

  void signal(int number) const { process_->signal(number); }
  void kill9();

  /// Waits for its end.
  std::optional<ExitStatus> ends(std::chrono::milliseconds deadline);

  /// Sends SIGTERM and waits. Returns how long the end took, or nothing if it still runs.
  std::optional<std::chrono::milliseconds> terminate();

  /// Writes the file of `--config`, which is empty at first.
  void configure(const std::string& text) const { folder_.write("rollcall.yaml", text); }

  [[nodiscard]] CurlReply get(const std::string& target,
                              const std::vector<std::string>& options = {}) const;
  [[nodiscard]] boost::json::value json(const std::string& target) const;

  /// The instances of one runtime that it lists, by id.
  [[nodiscard]] std::map<std::string, InstancePtr> instances(const std::string& runtime) const;

  /// Waits until its list holds an instance of that name.
  [[nodiscard]] bool lists(const std::string& name) const;

  /// Waits until the log contains the text.
  [[nodiscard]] bool logs(const std::string& text) const;

  [[nodiscard]] std::string socket() const { return folder_.path() / "rollcall.sock"; }
  [[nodiscard]] std::string port() const;  ///< Of its TCP address; waits until it listens.
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + port(); }
  [[nodiscard]] const TempFolder& folder() const noexcept { return folder_; }
  [[nodiscard]] std::string log() const { return log_.text(); }
  [[nodiscard]] const Process& process() const { return *process_; }

 private:
  TempFolder folder_;
  std::vector<std::string> arguments_;
  std::vector<std::string> environment_;
  Capture log_;
  std::optional<Process> process_;
};

/// Runs `rollcall` with these arguments.
Output rollcall(std::vector<std::string> words, const std::vector<std::string>& environment = {});

/// An environment in which no engine is found unless it is named.
std::vector<std::string> nowhere();

}  // namespace rollcall::support
