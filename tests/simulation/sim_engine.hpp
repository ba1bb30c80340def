// A simulated engine and the connection to it, with everything that can go wrong there.
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

/// The present delays and faults.
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

/// A list as a watch received it.
struct ToldList {
  Monotonic at{};  ///< When it was delivered.
  std::map<std::string, InstancePtr> running;
  std::set<std::string> told_since;  ///< Ids of instances that the stream has reported whole since.
  bool settles_doubt = true;         ///< It was requested after the last doubt.
};

/// Checks the laws of connecting: no busy loop, and no longer wait than the policy says.
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

  /// Performs one of the acts on the engine and the connection to it.
  void act(const Step& step);
  /// From now on nothing fails and nothing is late.
  void calm();
  /// Checks the laws that can be seen between two steps.
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
  /// The stream, or a reading, has reported the whole instance.
  void told(const std::string& id);
  /// A restart by the engine itself is an update to restarting and one back, which collapse into
  /// one or none if the consumer was behind or both were reported in one moment.
  void forgive_crashes(const std::string& id);
  /// Whether told() was called for it in this very moment.
  [[nodiscard]] bool just_told(const std::string& id) const;
  void lost() { lost_at_ = now(); }
  /// Throws std::bad_alloc or something else if the next call is to fail in this way.
  void may_throw();

  const Scenario& scenario;
  boost::asio::io_context& io;
  SimEnv& env;
  Record& record;
  Dice dice;
  World world;
  Weather weather;
  Attempts attempts;
  std::vector<SimSession*> sessions;  ///< The living ones that have a stream.
  /// All lists of the last moment in which one was delivered: the consumer, which takes events at
  /// the end of a moment, cannot tell which of them Reconnected followed.
  std::vector<ToldList> last_lists;
  std::map<std::string, Monotonic> told_at{};  ///< By the stream or a reading.
  std::uint64_t lists = 0;                     ///< Number of lists delivered.
  std::uint64_t doubts = 0;                    ///< Number of doubts delivered.
  Timestamp last_event{};                      ///< Latest time of the events delivered.
  /// Runs whose end was delivered, except crashes that may have collapsed.
  std::map<std::string, std::set<unsigned>> ended_runs{};
  bool clocks_jumped = false;
  /// Runs that began between the request for a list or reading and the moment it was taken. If runs
  /// have no names, it is unknown on which side of the reading such a beginning lies.
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
