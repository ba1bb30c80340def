// The suite's interface to a runtime: a backend, and control over its engine.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <rollcall/backend.hpp>

#include "core/list_budget.hpp"
#include "support/scripted_engine.hpp"
#include "support/virtual_env.hpp"
#include "transport/http/wire.hpp"

namespace rollcall::conformance {

struct MakeOptions {
  std::string endpoint = {};  ///< Empty: the engine's.
  bool include_stopped = false;
  bool automatic = false;  ///< The backend must find out which engine it is.
  Logger log = {};
};

/// Abilities that some runtimes lack. Tests that need one are skipped for those runtimes.
enum class Ability : std::uint8_t {
  automatic,       ///< `auto` tries this runtime.
  outages,         ///< The engine can be unavailable.
  refused,         ///< Its endpoint can exist without a listener.
  mute,            ///< It can accept a connection and not answer.
  not_this_api,    ///< Another server can answer at its endpoint.
  ended_ones,      ///< It lists instances that do not run.
  pausing,         ///< It distinguishes paused from running instances.
  restarting,      ///< It reports that it is about to restart an instance.
  lasting_ids,     ///< An instance that is started again keeps its id.
  new_ids,         ///< An instance that is recreated under its name has another id.
  renaming,        ///< An instance can be renamed.
  stream_first,    ///< Its stream reports only future changes, so it is opened before the list.
  readings,        ///< Its stream reports only what has changed, which must then be read.
  periodic_lists,  ///< Its stream may lose changes, which periodic lists find.
};

/// One engine that belongs to the test, and is running at first.
class BackendUnderTest {
 public:
  virtual ~BackendUnderTest() = default;

  // The backend.
  [[nodiscard]] virtual std::unique_ptr<RuntimeBackend> make(MakeOptions options) = 0;
  [[nodiscard]] virtual std::string name() const = 0;  ///< As the engine reports it.
  [[nodiscard]] virtual std::string endpoint() const = 0;

  /// The executor of the backend; nothing else runs there.
  [[nodiscard]] virtual boost::asio::io_context& io() = 0;

  /// Runs whatever is ready on both sides, and lets a moment pass.
  virtual void let_pass() = 0;

  /// Why the runtime lacks the ability; empty: it has it.
  [[nodiscard]] virtual std::string_view lacks(Ability /*ability*/) const { return {}; }

  // The engine. Each call returns when the engine is done; calls that make something return its id.
  virtual std::string create(const std::string& name) = 0;  ///< Without starting it.
  virtual std::string run(const std::string& name) = 0;
  virtual void stop(const std::string& id) = 0;
  virtual void restart(const std::string& id) = 0;
  virtual void pause(const std::string& id) = 0;
  virtual void unpause(const std::string& id) = 0;
  /// The state of a paused instance; another state of the running set if it cannot be paused.
  [[nodiscard]] virtual InstanceState paused() const { return InstanceState::paused; }
  virtual void rename(const std::string& id, const std::string& name) = 0;
  virtual void remove(const std::string& id) = 0;
  virtual void hang_up(const std::string& id) = 0;                ///< Sends a signal it survives.
  virtual std::string run_crashing(const std::string& name) = 0;  ///< It ends and is restarted.

  virtual void kill_engine() = 0;   ///< Its instances keep running.
  virtual void start_engine() = 0;  ///< After kill_engine().

  /// Limits of lists for backends that are made next. Real engines use the defaults.
  ListLimits limits{};

  /// An endpoint at which connecting fails in this way: missing, refused, mute or not_this_api.
  [[nodiscard]] virtual std::string broken_endpoint(ConnectFault fault) = 0;

  /// One sentence for each difference between the instances, by id, and what runs.
  [[nodiscard]] virtual std::vector<std::string> differences(
      const std::map<std::string, InstancePtr>& instances) = 0;
};

/// A scripted engine in virtual time, in which every kind of failure can be injected.
class ScriptedBackend : public BackendUnderTest {
 public:
  [[nodiscard]] virtual test::ScriptedEngine& server() = 0;
  [[nodiscard]] virtual test::VirtualEnv& env() = 0;

  /// Runs whatever is ready on both sides, without time passing.
  virtual void settle() = 0;
  /// Advances virtual time, step by step.
  virtual void pass(Duration duration) = 0;

  /// Makes the engine listen on TCP from now on.
  virtual void use_tcp() = 0;
  /// Makes it listen on TCP with TLS from now on, with a certificate that `make` trusts.
  virtual void use_tls() = 0;
  virtual void distrust() = 0;  ///< Backends that are made next trust another authority.

  // Faults of its state and its stream.
  /// Renames an instance without a signal, or changes a label if its name cannot change. Returns
  /// its name after that.
  virtual std::string rename_silently(const std::string& id, const std::string& name) = 0;
  virtual void remove_silently(const std::string& id) = 0;
  virtual void list_undecodable(const std::string& id) = 0;  ///< Empty id: an item without one.
  virtual void signal_without_change(const std::string& id) = 0;
  virtual void signal_unknown(const std::string& id) = 0;  ///< A signal of unknown meaning.
  virtual void signal_doubt() = 0;  ///< The stream itself reports that something was missed.
  virtual void repeat_signals(std::size_t count) = 0;
  virtual void end_stream() = 0;  ///< By the protocol's regular end.
  virtual void lose_history() = 0;
  [[nodiscard]] virtual std::size_t unread_signals() const = 0;

  /// How a list begins, and one of its items with the separator.
  struct ListText {
    std::string begin;
    std::string item;
  };
  [[nodiscard]] virtual ListText list_text() const = 0;

  /// Parts of request targets, as is_meant() matches them.
  std::string hello_target;
  std::string stream_target;
  std::string list_target;
  /// For backends that are made next.
  Deadlines deadlines{};
  std::function<Connector(Connector)> wrap = {};
};

/// One line of backends.cpp.
struct BackendCase {
  std::string name;  ///< docker_scripted
  bool scripted;     ///< It makes a ScriptedBackend, whose engine speaks HTTP.
  std::unique_ptr<BackendUnderTest> (*make)();
};

inline std::ostream& operator<<(std::ostream& out, const BackendCase& backend) {
  return out << backend.name;
}

const std::vector<BackendCase>& all_backends();

std::unique_ptr<BackendUnderTest> docker_scripted();
std::unique_ptr<BackendUnderTest> docker_26_scripted();
std::unique_ptr<BackendUnderTest> docker_real();
std::unique_ptr<BackendUnderTest> podman_scripted();
std::unique_ptr<BackendUnderTest> podman_real();
std::unique_ptr<BackendUnderTest> host_scripted();
std::unique_ptr<BackendUnderTest> host_real();
std::unique_ptr<BackendUnderTest> incus_scripted();
std::unique_ptr<BackendUnderTest> lxd_scripted();
std::unique_ptr<BackendUnderTest> lxd_projects_scripted();
std::unique_ptr<BackendUnderTest> incus_real();
std::unique_ptr<BackendUnderTest> kubernetes_scripted();
std::unique_ptr<BackendUnderTest> kubernetes_1_20_scripted();
std::unique_ptr<BackendUnderTest> kubernetes_real();
std::unique_ptr<BackendUnderTest> systemd_scripted();
std::unique_ptr<BackendUnderTest> systemd_real();

}  // namespace rollcall::conformance
