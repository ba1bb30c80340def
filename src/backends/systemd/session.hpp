// One connection to a systemd manager: its list, its signals, its reads.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <rollcall/log.hpp>

#include "backends/systemd/decode.hpp"
#include "backends/systemd/manager.hpp"
#include "backends/systemd/ports.hpp"
#include "backends/systemd/settings.hpp"
#include "backends/systemd/sockets.hpp"
#include "backends/systemd/units.hpp"
#include "core/async/env.hpp"
#include "core/driver.hpp"

namespace rollcall::systemd {

/// State that outlives a session.
struct Setup {
  Endpoint endpoint;
  std::string shown_endpoint;
  std::set<std::string, std::less<>> types;  ///< Of the units that are instances.
  bool all_units = false;
  bool include_stopped = false;
  Duration look_period{};  ///< How often the host is looked at for ports that have changed.
  Deadlines deadlines;
  ListLimits limits{};
  HostViewPtr host;
  EnvPtr env;
  Logger log;
};
using SetupPtr = std::shared_ptr<const Setup>;

class SystemdSession final : public Session {
 public:
  SystemdSession(SetupPtr setup, std::unique_ptr<Manager> manager,
                 const boost::asio::any_io_executor& executor);

  /// Subscribes to the signals, for a watch.
  [[nodiscard]] Task<void> open();

  [[nodiscard]] Task<Snapshot> list() override;
  [[nodiscard]] Task<Change> next() override;
  [[nodiscard]] Task<Snapshot> read(std::vector<Touched> touched) override;
  [[nodiscard]] Task<void> probe() override;
  [[nodiscard]] EngineInfo info() const override {
    return {.product = "systemd", .version = manager_->version(), .api_version = {}};
  }

 private:
  using Rows = std::vector<UnitRow>;

  void take_signal(const DbusMessage& signal);
  void push(Change change);
  [[nodiscard]] std::optional<Change> pop();
  void wake();
  [[nodiscard]] boost::asio::awaitable<void> woken();
  [[nodiscard]] boost::asio::awaitable<void> wait_for_change();
  [[nodiscard]] Task<void> go_on_with_new_manager();

  [[nodiscard]] Touched may_have_begun(std::string unit) const;
  /// Looks at the host again; returns the units whose ports have changed.
  std::vector<Touched> look_for_ports();
  void look_soon();
  [[nodiscard]] boost::asio::awaitable<void> find_root_of_groups();
  [[nodiscard]] Task<void> add_unit_files(Rows& rows);
  /// The units that match, with all needed properties.
  [[nodiscard]] Task<Rows> known_rows(std::vector<std::string> patterns, ListBudget& budget);
  /// Reads unknown properties of the rows, and removes units that vanish meanwhile.
  [[nodiscard]] Task<void> learn(Rows& rows, ListBudget& budget);
  /// Forgets whether a reload is needed if files of the unit were edited.
  void doubt_files_of(const std::string& name);
  /// Finds the control groups and networks of units: mostly from their processes, else by asking.
  [[nodiscard]] Task<void> locate(std::vector<Asked>& asked, ListBudget& budget);
  [[nodiscard]] std::vector<Asked> wanted_of(const Rows& rows) const;
  /// Updates the sockets; returns the services whose ports have changed by that.
  std::vector<Touched> learn_sockets(const Rows& rows);
  [[nodiscard]] std::optional<Reading> reading_of(const UnitRow& row);
  [[nodiscard]] Result<std::vector<Reading>> readings_of(const Rows& rows, ListBudget& budget);
  [[nodiscard]] std::vector<PortMapping> ports_of_unit(const UnitRow& row,
                                                       const UnitProperties& unit);

  SetupPtr setup_;
  Units units_;
  SettingsBook settings_;
  SocketBook sockets_;
  PortBook ports_;
  std::map<std::string, InstancePtr, std::less<>> last_;  // Units that are shown and run.

  std::map<std::string, std::vector<PortMapping>> private_ports_;  // In private networks.

  boost::asio::steady_timer latch_;
  bool woken_ = false;
  std::map<std::string, Touched> touched_;  // Not yet told by next().
  std::optional<std::string> resync_;
  bool manager_was_away_ = false;
  std::optional<RuntimeError> ended_;

  // A service becomes active some 40 ms before its port is open.
  static constexpr std::array<Duration, 4> quick_looks = {
      std::chrono::milliseconds(50), std::chrono::milliseconds(200), std::chrono::milliseconds(500),
      std::chrono::milliseconds(1500)};
  Monotonic next_look_{};
  std::size_t quick_looks_ = quick_looks.size();  // Looks made since a unit without ports started.
  bool looks_fail_ = false;
  bool root_is_known_ = false;

  std::unique_ptr<Manager> manager_;  // Last member: its connection calls back into the others.
};

}  // namespace rollcall::systemd
