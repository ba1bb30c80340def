// What is asked of a systemd manager on its bus, and what its failures mean.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <rollcall/task.hpp>

#include "backends/systemd/messages.hpp"
#include "backends/systemd/unit.hpp"
#include "backends/systemd/units.hpp"
#include "core/env.hpp"
#include "transport/dbus.hpp"
#include "transport/wire.hpp"

namespace rollcall::systemd {

/// A unit whose properties are wanted, and where they go as they come.
struct Asked {
  const UnitRow* row = nullptr;
  Wanted wanted = Wanted::most;
  bool vanished = false;  ///< It was unloaded meanwhile.
};

class Manager {
 public:
  /// Connects to the bus and asks the manager for its version.
  ///
  /// Errors: those of Dbus::connect; not_this_api, if the bus has no systemd.
  [[nodiscard]] static Task<std::unique_ptr<Manager>> connect(Endpoint endpoint, EnvPtr env,
                                                              Deadlines deadlines);

  /// Asks the bus to hand on the manager's signals.
  [[nodiscard]] Task<void> match_signals();

  /// Asks the manager to send them: nothing arrives before that. Also after it was away.
  [[nodiscard]] Task<void> subscribe();

  /// All loaded units that fit one of the patterns. Loads none.
  [[nodiscard]] Task<std::vector<UnitRow>> units(std::vector<std::string> patterns);

  /// All installed unit files that fit one of the patterns.
  [[nodiscard]] Task<std::vector<UnitFile>> unit_files(std::vector<std::string> patterns);

  /// The control group of the manager and all its units; empty if it does not say.
  [[nodiscard]] boost::asio::awaitable<std::string> control_group();

  /// Asks for the properties of units that are not known, many at once; each goes into `into` as it
  /// comes, in order with the signals. Only loaded units may be asked for: asking loads the others.
  [[nodiscard]] Task<void> properties(std::vector<Asked>& asked, Units& into);

  /// Waits for a manager that executes itself anew, for which it leaves the bus for a moment.
  ///
  /// Errors: unavailable, if it does not come back.
  [[nodiscard]] Task<void> wait_for_return();

  [[nodiscard]] Dbus& bus() noexcept { return *bus_; }
  [[nodiscard]] const std::string& version() const noexcept { return version_; }

 private:
  Manager(std::unique_ptr<Dbus> bus, EnvPtr env, Deadlines deadlines)
      : bus_(std::move(bus)), env_(std::move(env)), deadlines_(deadlines) {}

  /// Calls the manager, once more if it was executing itself anew.
  [[nodiscard]] Task<DbusMessage> ask(DbusCall call, std::string what);
  [[nodiscard]] Task<void> properties_once(std::vector<Asked>& asked, Units& into);
  [[nodiscard]] Task<void> greet();
  [[nodiscard]] Task<void> call_bus(std::string member, std::string text);

  std::unique_ptr<Dbus> bus_;
  EnvPtr env_;
  Deadlines deadlines_;
  std::string version_;
};

/// Whether a signal says that the manager has left the bus, or has come back to it.
enum class OwnerChange : std::uint8_t { none, left, came };
OwnerChange owner_change(const DbusMessage& signal);

}  // namespace rollcall::systemd
