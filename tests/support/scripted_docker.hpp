// A Docker Engine scripted by a test: containers, their runs, and the history of events, as the
// Engine API shows them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/async/env.hpp"
#include "support/scripted_engine.hpp"

namespace rollcall::test {

/// A container as the list shows it.
struct ScriptedContainer {
  std::string name{};
  std::string state = "created";
  std::string health{};  ///< As in the status text: "(healthy)".
  std::string label{};
  int exit_code = 0;
  int looked_at = 0;  ///< Makes the status text differ in each answer.
};

/// GET /_ping, /events, /containers/json and /containers/ID/json.
///
/// Like the real engine, it lists from a copy of its state that lags behind most events for a
/// moment; an inspect brings the copy up to date.
///
/// As Podman, it lists the actual state, leaves paused containers out unless all are requested,
/// also has its own list API, sends other events, and keeps their history.
class ScriptedDocker final : public EngineApi {
 public:
  /// Their events come in different orders.
  enum class Era : std::uint8_t { docker_20_10, docker_26, podman_4_3 };

  static constexpr std::size_t history_size = 256;

  ScriptedDocker(boost::asio::io_context& io, EnvPtr env, Era era = Era::docker_20_10)
      : executor_(io.get_executor()), env_(std::move(env)), era_(era) {
    if (podman()) server = podman_server;
  }

  [[nodiscard]] ScriptedAnswer answer(const std::string& target) override;

  // Each does what the command of that name does.
  std::string create(const std::string& name);
  std::string run(const std::string& name);
  void start(const std::string& id);
  void stop(const std::string& id);
  void restart(const std::string& id);
  void pause(const std::string& id);
  void unpause(const std::string& id);
  void rename(const std::string& id, const std::string& name);
  void remove(const std::string& id);
  void hang_up(const std::string& id);  ///< SIGHUP, which it survives.
  void crash(const std::string& id);    ///< Ends by itself, and waits to be restarted.

  /// The state changes without an event.
  void change_silently(const std::string& id,
                       const std::function<void(ScriptedContainer&)>& change);
  void remove_silently(const std::string& id) { containers_.erase(id); }

  /// Sends an event without a change.
  void tell(std::string_view type, std::string_view action, const std::string& id);
  void tell_raw(const std::string& event);  ///< Not in the history.
  void tell_again(std::size_t count);       ///< The last events once more, as a replay does.
  void end_streams();                       ///< By the protocol's regular end.

  void lose_history() { history_.clear(); }
  /// Forgets what a restart loses; Podman loses nothing, as it keeps its events in a file.
  void forget() {
    if (!podman()) lose_history();
  }

  [[nodiscard]] std::map<std::string, ScriptedContainer> containers() const;
  [[nodiscard]] std::size_t waiting() const;  ///< Events that the open streams have not taken.

  static constexpr std::string_view podman_server =
      "Server: Libpod/4.3.1 (linux)\r\nApi-Version: 1.41\r\nLibpod-Api-Version: 4.3.1\r\n";
  std::string server = "Server: Docker/20.10.24 (linux)\r\nApi-Version: 1.41\r\n";
  std::vector<std::string> raw_items;  ///< Added to each list verbatim.

 private:
  struct Entry {
    ScriptedContainer now;
    ScriptedContainer shown;  // by the list, until `stored_at`
    Timestamp stored_at{};
  };
  struct Past {
    Timestamp at;
    std::string type;
    std::string action;
    std::string text;
  };
  struct Stream {
    std::weak_ptr<EventFeed> feed;
    std::string filters;
  };

  [[nodiscard]] bool podman() const { return era_ == Era::podman_4_3; }
  [[nodiscard]] bool passes(const std::string& filters, std::string_view type,
                            std::string_view action) const;
  void change(const std::string& id, std::string_view state);
  void store(const std::string& id);
  void end_run(const std::string& id);
  void leave_network(const std::string& id);
  ScriptedAnswer events(const std::string& since, const std::string& filters);
  ScriptedAnswer list(bool all, const std::string& filters);
  ScriptedAnswer libpod_list(const std::string& filters);
  ScriptedAnswer inspect(const std::string& id);

  boost::asio::any_io_executor executor_;
  EnvPtr env_;
  Era era_;
  int made_ = 0;
  std::map<std::string, Entry> containers_;
  std::deque<Past> history_;
  std::vector<Stream> streams_;
};

}  // namespace rollcall::test
