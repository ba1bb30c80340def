// What happens in a run, and when: generated from a seed, and short enough to read once shrunk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/async/env.hpp"

namespace rollcall::simulation {

/// How an engine reports changes, which differs between kinds of engines.
struct Flavour {
  std::string_view name;
  bool local = true;
  bool upserts = false;     ///< The stream holds whole instances, from the list's position on.
  bool reuses_ids = false;  ///< An id may be made again after it was removed.
  bool names_runs = false;  ///< Instance::run is set.
  bool replays = false;     ///< The stream can be asked for the past, and lists lag behind it.
  bool tells_gone = true;   ///< A removal is reported as Gone, else as an end.
  bool lists_again = true;  ///< There is a periodic list.
};

/// One act on the world, the engine, the connection to it, or the consumer.
enum class Act : std::uint8_t {
  create,
  start,
  start_unsettled,  ///< Its address comes later, without a signal.
  stop,
  restart,
  crash,  ///< It ends, and the engine will restart it.
  remove,
  recreate,  ///< A new instance under the name of the old.
  rename,
  pause,
  health,
  address,
  noise,  ///< A signal without a change.
  burst,  ///< Many changes at once.

  refuse,
  slow_connect,
  slow_list,
  slow_read,
  slow_stream,
  lag,  ///< The store of the engine is behind its signals.
  fail_lists,
  fail_reads,
  throw_something,  ///< The next calls of the driver end with an exception.
  cut,
  end_cleanly,
  end_at_once,
  lose,
  lose_with_doubt,
  doubt,
  cut_and_doubt_list,  ///< The stream is cut, and the list of the next session is doubted while
                       ///< under way.
  repeat,
  shuffle,
  mute,
  touch_endpoint,
  jump_clock,

  stall,
  resume,
  list,
  cancel,
  close,
  pass_time,
};
inline constexpr std::size_t act_count = static_cast<std::size_t>(Act::pass_time) + 1;

std::string_view to_string(Act act) noexcept;

struct Step {
  Duration after{};  ///< Since the step before.
  Act act = Act::pass_time;
  std::uint32_t target = 0;
  std::uint32_t value = 0;
};

struct Scenario {
  std::uint64_t seed = 0;
  Flavour flavour;
  std::size_t ring = 0;  ///< How many events the engine remembers for a replay.
  bool lists_stopped = false;
  std::vector<Step> steps{};
};

Scenario make_scenario(std::uint64_t seed);

/// One line per step.
std::string describe(const Scenario& scenario);

}  // namespace rollcall::simulation
