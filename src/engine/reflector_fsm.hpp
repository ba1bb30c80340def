// The state machine of a watch. Pure: outcomes in, actions out; no clock, no random numbers, no
// I/O.
#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string_view>

#include <rollcall/result.hpp>

#include "core/async/env.hpp"

namespace rollcall {

/// How soon a lost engine is retried.
struct HealingPolicy {
  Duration base;   ///< The longest first delay.
  Duration cap;    ///< The longest delay.
  Duration floor;  ///< The shortest delay: jitter must not make a busy loop.
  Duration reset_after =
      std::chrono::seconds(120);  ///< A session this long resets the count of failures.
  Duration short_stream =
      std::chrono::seconds(1);  ///< A stream that ends sooner counts as a failure.
  Duration denial_grace =
      std::chrono::seconds(10);  ///< How long an engine's new refusals are retried soon.

  static HealingPolicy for_local() {
    using namespace std::chrono_literals;
    return {.base = 100ms, .cap = 2s, .floor = 10ms};
  }
  static HealingPolicy for_remote() {
    using namespace std::chrono_literals;
    return {.base = 800ms, .cap = 30s, .floor = 80ms};
  }
};

class ReflectorFsm {
 public:
  enum class State : std::uint8_t { idle, connecting, listing, watching, backing_off, done };

  enum class Outcome : std::uint8_t {
    begin,      ///< The watch begins.
    connected,  ///< There is a session, and its stream is open.
    connect_failed,
    listed,  ///< A complete list has come.
    list_failed,
    stream_failed,  ///< The session broke: an error, a deadline, or an end in the middle.
    stream_ended,   ///< The session ended in a way that its protocol calls normal.
    desynced,       ///< The stream cannot be trusted, or a periodic check is due.
    backoff_over,
    cancelled,  ///< By the token, or the consumer closed the channel.
  };

  enum class Step : std::uint8_t { none, connect, list, watch, back_off, finish };

  /// What to do next, in the order of the members.
  struct Action {
    bool drop_session = false;
    bool tell_disconnected = false;
    std::string reason{};     ///< For back_off: why the engine is away.
    bool apply_list = false;  ///< Send the differences to the list that has come.
    bool tell_reconnected = false;
    bool tell_synced = false;
    Step step = Step::none;
    Duration delay{};                     ///< For back_off.
    std::optional<RuntimeError> error{};  ///< For finish; nothing is success.

    friend bool operator==(const Action&, const Action&) = default;
  };

  /// The outcome of the last step, its time, and a number from [0, 1) for the jitter.
  struct Input {
    Outcome outcome{};
    Monotonic now{};
    double chance = 0;
    const RuntimeError* error = nullptr;  ///< For the failures; never null there.
  };

  explicit ReflectorFsm(HealingPolicy policy) : policy_(policy) {}

  /// An outcome that is impossible in the present state (because it came late) changes nothing.
  Action resume(const Input& input);

  [[nodiscard]] State state() const noexcept { return state_; }
  /// Whether a BackendDisconnected was reported and no BackendReconnected since.
  [[nodiscard]] bool disconnected() const noexcept { return disconnected_; }

 private:
  Action connecting(const Input& input);
  Action listing(const Input& input);
  Action watching(const Input& input);
  Action session_over(const Input& input);
  Action fail_session(const Input& input);
  Action stream_ended(const Input& input);
  Action enter(State state, Step step);
  void forgive(Monotonic now);
  Duration backoff(const Input& input);

  HealingPolicy policy_;
  State state_ = State::idle;
  bool disconnected_ = false;
  bool synced_ = false;
  bool list_again_ = false;
  int failures_ = 0;
  std::optional<Monotonic> connected_at_;
  std::optional<Monotonic> denied_since_;
};

std::string_view to_string(ReflectorFsm::State state) noexcept;
std::string_view to_string(ReflectorFsm::Outcome outcome) noexcept;
std::string_view to_string(ReflectorFsm::Step step) noexcept;
std::ostream& operator<<(std::ostream& out, ReflectorFsm::State state);
std::ostream& operator<<(std::ostream& out, ReflectorFsm::Outcome outcome);
std::ostream& operator<<(std::ostream& out, const ReflectorFsm::Action& action);

}  // namespace rollcall
