// The way to a simulated engine: everything that can go wrong with it, and the bounds of the calls.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "core/async/signal.hpp"
#include "core/driver.hpp"
#include "simulation/record.hpp"
#include "simulation/scenario.hpp"
#include "simulation/sim_env.hpp"
#include "simulation/world.hpp"

namespace rollcall::simulation {

class SimSession;

/// What is wrong at present.
struct Weather {
  Duration connect_delay{};
  Duration list_head{};  ///< Before the engine takes the list.
  Duration list_hold{};  ///< Between taking and delivering it.
  Duration read_spread{};
  Duration stream_delay{};
  Monotonic refused_until{};
  RuntimeError refusal{};
  Monotonic mute_until{};
  std::uint32_t failing_lists = 0;
  std::uint32_t failing_reads = 0;
  std::uint32_t throwing = 0;
  std::uint32_t instant_ends = 0;
  std::uint32_t losses = 0;
  std::uint32_t doubted_losses = 0;
  bool next_list_doubted = false;
  std::uint32_t repeats = 0;
  bool shuffles = false;
};

/// What a list told a watch.
struct ToldList {
  Monotonic at{};  ///< When it was delivered.
  std::map<std::string, InstancePtr> running;
  std::set<std::string> told_since;  ///< Ids of which the stream told all that is known, since.
  bool settles_doubt = true;         ///< It was asked for after the last doubt.
};

/// Keeps the laws of connecting: never a busy loop, never longer than the policy says.
class Attempts {
 public:
  Attempts(Record& record, bool local) : record_(&record), local_(local) {}

  void attempt(Monotonic now);
  void failed(Monotonic now, ErrorKind kind);
  void connected(Monotonic now) { connected_at_ = now; }
  void ended_cleanly(Monotonic now);
  void endpoint_changed() { endpoint_changed_ = true; }

 private:
  void note_health(Monotonic now);

  Record* record_;
  bool local_;
  std::optional<Monotonic> failed_at_;
  std::optional<Monotonic> connected_at_;
  bool over_ = true;  // the last session
  bool denied_ = false;
  bool healthy_ = false;  // for two minutes, since the last failure
  bool endpoint_changed_ = false;
  std::deque<Monotonic> recent_;
};

class SimEngine {
 public:
  SimEngine(const Scenario& scenario, boost::asio::io_context& io, SimEnv& env, Record& record);

  [[nodiscard]] std::unique_ptr<Driver> driver();

  /// Does one of the acts that belong to the engine and the way to it.
  void act(const Step& step);
  /// From now on nothing fails and nothing is late.
  void calm();
  /// Breaks the laws that can be seen between two steps.
  void check();

  void begin_watch();
  [[nodiscard]] bool mute() const { return env.monotonic() < weather.mute_until; }
  [[nodiscard]] Monotonic now() const { return env.monotonic(); }
  /// Whether something was lost that only the periodic list can find.
  [[nodiscard]] bool owes() const noexcept { return lost_at_.has_value(); }

  // What sessions report.
  void delivered(const Entry& entry);
  void doubted() { ++doubts; }
  void listed(ToldList list, Monotonic taken);
  /// The stream, or a reading, told all that is known of the instance.
  void told(const std::string& id);
  /// A restart that the engine makes by itself is an update to restarting and one back, which
  /// collapse into one or none: when the consumer was behind, or they were told in one moment.
  void forgive_crashes(const std::string& id);
  /// Whether that was in this very moment.
  [[nodiscard]] bool just_told(const std::string& id) const;
  void lost() { lost_at_ = now(); }
  /// Throws, if that is what the next call is to do: for want of memory, or anything else.
  void may_throw();

  const Scenario& scenario;
  boost::asio::io_context& io;
  SimEnv& env;
  Record& record;
  Dice dice;
  World world;
  Weather weather;
  Attempts attempts;
  std::vector<SimSession*> sessions;  ///< With a stream; alive.
  /// All that were delivered in the last moment in which one was: the consumer, which takes events
  /// at the end of a moment, cannot tell which of them Reconnected followed.
  std::vector<ToldList> last_lists;
  std::map<std::string, Monotonic> told_at{};  ///< By the stream or a reading.
  std::uint64_t lists = 0;                     ///< That were delivered.
  std::uint64_t doubts = 0;                    ///< That were delivered.
  Timestamp last_event{};                      ///< That was delivered.
  /// Those whose end was delivered, but for crashes that may have collapsed.
  std::map<std::string, std::set<unsigned>> ended_runs{};
  bool clocks_jumped = false;
  /// Runs that began between the moment a list or a reading was asked for and the moment it looked.
  /// If runs have no names, it is unknown on which side of the reading such a beginning lies.
  std::map<std::string, unsigned> blurred;
  Signal endpoint;

 private:
  bool act_on_weather(const Step& step);
  bool act_on_stream(const Step& step);
  void act_on_surroundings(const Step& step);
  void tell_sessions(const Entry& entry);

  std::optional<Monotonic> lost_at_;
  Timestamp watch_began_{};
};

}  // namespace rollcall::simulation
