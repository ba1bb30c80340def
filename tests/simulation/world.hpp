// The engine's actual state: what exists and runs, and what the engine reports.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/driver.hpp"
#include "simulation/record.hpp"
#include "simulation/scenario.hpp"
#include "simulation/sim_env.hpp"

namespace rollcall::simulation {

/// One report of the engine about an instance.
struct Entry {
  std::uint64_t number = 0;
  std::string id;
  Timestamp at{};
  Change change;
  unsigned ended_run = 0;  ///< The run whose end this is; 0 if it is none.
};

/// The run in which an instance was read. Consumers do not see it; the laws about runs need it.
unsigned run_of(const Instance& instance);

class World {
 public:
  World(const Scenario& scenario, SimEnv& env) : scenario_(scenario), env_(env) {}

  /// Performs one of the acts on the world.
  void act(const Step& step);

  /// The engine's clock.
  Timestamp clock();
  /// The engine's time up to which its lists hold everything.
  Timestamp listed_up_to();

  /// The list as the engine would return it now.
  [[nodiscard]] Snapshot snapshot();
  /// The reading of an instance now; nothing if it does not exist.
  [[nodiscard]] std::optional<Reading> look(const std::string& id);
  /// How long until lists show what was signalled about the instance.
  [[nodiscard]] Duration lag_of(const std::string& id) const;

  [[nodiscard]] std::map<std::string, InstancePtr> running();
  [[nodiscard]] const std::deque<Entry>& log() const noexcept { return log_; }
  [[nodiscard]] std::uint64_t last_number() const noexcept { return numbered_; }
  [[nodiscard]] unsigned runs_of(const std::string& id) const;
  [[nodiscard]] const std::map<std::string, unsigned>& all_runs() const noexcept { return runs_; }
  /// Whether the run ended in a restart that the engine itself makes.
  [[nodiscard]] bool crashed(const std::string& id, unsigned run) const;

  std::function<void(const Entry&)> on_entry{};
  std::function<void()> on_silent_change{};  ///< Nothing will report a change in time.
  Duration lag{};
  Duration clock_offset{};  ///< How far the engine's clock is ahead.

 private:
  struct Thing {
    Instance instance;
    unsigned run = 0;
    bool settled = true;
  };
  struct Unstored {
    Monotonic due;
    Timestamp at;
    std::string id;
    std::optional<Thing> thing;
  };
  using Things = std::map<std::string, Thing>;

  Thing* pick(std::uint32_t target);
  void create(const Step& step, const std::string& name);
  void start(Thing& thing, const Step& step, bool settled);
  void stop(Thing& thing, InstanceState state);
  void remove(const std::string& id);
  void alter(const Step& step, Thing& thing);
  void settle_later(const std::string& id, unsigned run, Duration delay);
  void say(const std::string& id, std::optional<RunMark> mark, unsigned ended_run = 0);
  void store(const std::string& id, Timestamp at, bool at_once);
  void catch_up();
  [[nodiscard]] Reading read(const Thing& thing);

  const Scenario& scenario_;
  SimEnv& env_;
  Things things_;  // the actual state
  Things stored_;  // the state that lists show
  std::deque<Unstored> unstored_;
  std::deque<Entry> log_;
  std::map<std::string, unsigned> runs_;
  std::set<std::pair<std::string, unsigned>> crashes_;
  std::uint64_t numbered_ = 0;
  std::int64_t readings_ = 0;
  unsigned made_ = 0;
};

}  // namespace rollcall::simulation
