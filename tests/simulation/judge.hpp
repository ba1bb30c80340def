// The consumer's judge: folds the events and checks each against the contract.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include <rollcall/event.hpp>
#include <rollcall/inventory.hpp>

#include "simulation/sim_engine.hpp"

namespace rollcall::simulation {

class Judge {
 public:
  explicit Judge(SimEngine& engine) : engine_(engine) {}

  /// A new watch continues the fold; it knows nothing of the connection.
  void begin_watch();
  /// Begins a batch: the consumer takes all queued events at once, so none is added meanwhile. It
  /// is prompt if it had taken everything before.
  void begin_taking(bool prompt);
  void take(const RuntimeEvent& event, bool synced);

  /// Checks that the fold equals what runs.
  void expect_equal_to_world(std::string_view when);
  /// Checks that the watch is connected, after the engine was well for long enough.
  void expect_connected(bool synced);
  /// Checks that no run whose end was signalled is still taken to be running.
  void expect_ends_told();

 private:
  struct Told {
    InstancePtr instance;
    unsigned run = 0;  // of its Started; any_run if it was reported as restarting
  };

  void check(const Started& event);
  void check(const Updated& event);
  void check(const Stopped& event);
  void check(const BackendDisconnected& event);
  void check(const BackendReconnected& event);
  void check_cause(Cause cause, const std::string& id, bool synced);
  void check_order(const RuntimeEvent& event, Cause cause);
  void check_bound(const RuntimeEvent& event);
  void expect_equal_to_list();
  void expect_inventory_agrees();
  void breach(std::string_view law, std::string_view detail);

  SimEngine& engine_;
  std::map<std::string, Told> fold_;
  Inventory inventory_;
  std::map<std::string, unsigned> starts_;
  std::optional<BackendReconnected> return_;  // what ends the last BackendDisconnected
  std::optional<std::string> live_while_lost_;
  bool prompt_ = true;
  bool one_list_ = true;  // at most, since the previous batch
  std::uint64_t lists_ = 0;
  std::map<std::string, std::size_t> taken_;                     // in this batch, by id
  std::optional<std::tuple<int, std::string>> last_difference_;  // of one reconciliation
  std::string ended_before_;                                     // id, if the last was Stopped
};

}  // namespace rollcall::simulation
