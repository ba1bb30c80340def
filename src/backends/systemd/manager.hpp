// The requests to a systemd manager on its bus, and what their failures mean.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <rollcall/task.hpp>

#include "backends/systemd/messages.hpp"
#include "backends/systemd/unit.hpp"
#include "backends/systemd/units.hpp"
#include "core/async/env.hpp"
#include "core/list_budget.hpp"
#include "transport/dbus/connection.hpp"
#include "transport/http/wire.hpp"

namespace rollcall::systemd {

/// A unit whose properties are to be read.
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

  /// Asks the bus to deliver the manager's signals.
  [[nodiscard]] Task<void> match_signals();

  /// Asks the manager to send signals: it sends none before that. Repeat after it was away.
  [[nodiscard]] Task<void> subscribe();

  /// Lists all loaded units that match one of the patterns. Loads none.
  [[nodiscard]] Task<std::vector<UnitRow>> units(std::vector<std::string> patterns);

  /// Lists all installed unit files that match one of the patterns.
  [[nodiscard]] Task<std::vector<UnitFile>> unit_files(std::vector<std::string> patterns);

  /// The control group of the manager, above those of its units; empty if it does not say.
  [[nodiscard]] boost::asio::awaitable<std::string> control_group();

  /// Gets the unknown properties of units, many at once. Each goes into `into` as it arrives, in
  /// order with the signals. Ask only for loaded units: a Get loads a unit that is not.
  [[nodiscard]] Task<void> properties(std::vector<Asked>& asked, Units& into, ListBudget& budget);

  /// Waits for a manager that re-executes itself, and leaves the bus for a moment.
  ///
  /// Errors: unavailable, if it does not come back.
  [[nodiscard]] Task<void> wait_for_return();

  [[nodiscard]] Dbus& bus() noexcept { return *bus_; }
  [[nodiscard]] const std::string& version() const noexcept { return version_; }

 private:
  Manager(std::unique_ptr<Dbus> bus, EnvPtr env, Deadlines deadlines)
      : bus_(std::move(bus)), env_(std::move(env)), deadlines_(deadlines) {}

  /// Calls the manager; repeats the call once if it was re-executing itself.
  [[nodiscard]] Task<DbusMessage> ask(DbusCall call, std::string what);
  [[nodiscard]] Task<void> properties_once(std::vector<Asked>& asked, Units& into,
                                           ListBudget& budget);
  [[nodiscard]] Task<void> greet();
  [[nodiscard]] Task<void> call_bus(std::string member, std::string text);

  std::unique_ptr<Dbus> bus_;
  EnvPtr env_;
  Deadlines deadlines_;
  std::string version_;
};

/// Whether a signal says that the manager has left the bus or returned to it.
enum class OwnerChange : std::uint8_t { none, left, came };
OwnerChange owner_change(const DbusMessage& signal);

}  // namespace rollcall::systemd
