// What the suite needs of a runtime: a backend, and the hand that moves its engine.
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

#include "support/scripted_engine.hpp"
#include "support/virtual_env.hpp"
#include "transport/wire.hpp"

namespace rollcall::conformance {

struct MakeOptions {
  std::string endpoint = {};  ///< Empty: the engine's.
  bool include_stopped = false;
  bool automatic = false;  ///< Which engine it is, the backend shall find out.
  Logger log = {};
};

/// What not every runtime has. The sentences of the contract about it cannot apply to one without.
enum class Ability : std::uint8_t {
  automatic,       ///< It is one of those that `auto` tries.
  outages,         ///< It can be away.
  refused,         ///< Its place can be there without anybody who listens.
  mute,            ///< It can accept a connection and not answer.
  not_this_api,    ///< Something else can answer in its place.
  ended_ones,      ///< It knows of instances that do not run.
  pausing,         ///< It tells paused instances from running ones.
  restarting,      ///< It says that it is about to start an instance again.
  lasting_ids,     ///< An instance that is started again keeps its id.
  new_ids,         ///< One that is made anew under its name has another id.
  renaming,        ///< An instance can be given another name.
  stream_first,    ///< Its stream is opened before the list, as it tells only what comes.
  readings,        ///< Its stream tells that something has changed, and what is read then.
  periodic_lists,  ///< Its stream may lose something, which a list finds now and then.
};

/// One engine that is the test's own, up when it is made.
class BackendUnderTest {
 public:
  virtual ~BackendUnderTest() = default;

  // The backend.
  [[nodiscard]] virtual std::unique_ptr<RuntimeBackend> make(MakeOptions options) = 0;
  [[nodiscard]] virtual std::string name() const = 0;  ///< As the engine tells it.
  [[nodiscard]] virtual std::string endpoint() const = 0;

  /// Where the backend runs, and nothing else.
  [[nodiscard]] virtual boost::asio::io_context& io() = 0;

  /// Runs what is ready on both sides, and lets a moment pass.
  virtual void let_pass() = 0;

  /// Why the runtime has no such thing; empty: it has.
  [[nodiscard]] virtual std::string_view lacks(Ability /*ability*/) const { return {}; }

  // The engine. What is made gets an id; each returns when the engine has done it.
  virtual std::string create(const std::string& name) = 0;  ///< Without starting it.
  virtual std::string run(const std::string& name) = 0;
  virtual void stop(const std::string& id) = 0;
  virtual void restart(const std::string& id) = 0;
  virtual void pause(const std::string& id) = 0;
  virtual void unpause(const std::string& id) = 0;
  /// What a pause makes of one that runs; another state of the running set if there is no pause.
  [[nodiscard]] virtual InstanceState paused() const { return InstanceState::paused; }
  virtual void rename(const std::string& id, const std::string& name) = 0;
  virtual void remove(const std::string& id) = 0;
  virtual void hang_up(const std::string& id) = 0;                ///< A signal that it survives.
  virtual std::string run_crashing(const std::string& name) = 0;  ///< Ends, and is begun again.

  virtual void kill_engine() = 0;   ///< What it runs stays.
  virtual void start_engine() = 0;  ///< After that.

  /// Where connecting fails in this way, for missing, refused, mute and not_this_api.
  [[nodiscard]] virtual std::string broken_endpoint(ConnectFault fault) = 0;

  /// One sentence for each way in which the instances, by id, differ from what runs.
  [[nodiscard]] virtual std::vector<std::string> differences(
      const std::map<std::string, InstancePtr>& instances) = 0;
};

/// A scripted engine, in virtual time: everything can fail, and an hour takes a moment.
class ScriptedBackend : public BackendUnderTest {
 public:
  [[nodiscard]] virtual test::ScriptedEngine& server() = 0;
  [[nodiscard]] virtual test::VirtualEnv& env() = 0;

  /// Runs what is ready on both sides; no time passes.
  virtual void settle() = 0;
  /// Lets virtual time pass, step by step.
  virtual void pass(Duration duration) = 0;

  /// From now on it listens on TCP.
  virtual void use_tcp() = 0;
  /// From now on it listens on TCP behind TLS, with a certificate that `make` trusts.
  virtual void use_tls() = 0;
  virtual void distrust() = 0;  ///< What is made next trusts another authority.

  // What goes wrong with its state and its stream.
  /// Gives it another name, or, where an instance keeps its name, another label. Returns the name
  /// that it has from then on.
  virtual std::string rename_silently(const std::string& id, const std::string& name) = 0;
  virtual void remove_silently(const std::string& id) = 0;
  virtual void list_undecodable(const std::string& id) = 0;  ///< Empty: one without an id.
  virtual void signal_without_change(const std::string& id) = 0;
  virtual void signal_unknown(const std::string& id) = 0;  ///< What it means is in no table.
  virtual void signal_doubt() = 0;  ///< The stream itself says that something was missed.
  virtual void repeat_signals(std::size_t count) = 0;
  virtual void end_stream() = 0;  ///< In the way that the protocol calls normal.
  virtual void lose_history() = 0;
  [[nodiscard]] virtual std::size_t unread_signals() const = 0;

  /// Parts of the targets of its requests, as is_meant() reads them.
  std::string hello_target;
  std::string stream_target;
  std::string list_target;
  /// For the backends that are made next.
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
