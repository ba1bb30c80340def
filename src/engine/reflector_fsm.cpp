#include "engine/reflector_fsm.hpp"

#include <algorithm>
#include <cmath>
#include <ostream>
#include <utility>

#include "core/text/words.hpp"

namespace rollcall {

using State = ReflectorFsm::State;
using Outcome = ReflectorFsm::Outcome;
using Step = ReflectorFsm::Step;
using Action = ReflectorFsm::Action;

Action ReflectorFsm::enter(State state, Step step) {
  state_ = state;
  return {.step = step};
}

Action ReflectorFsm::resume(const Input& input) {
  if (state_ == State::done) return {};
  if (input.outcome == Outcome::cancelled) {
    Action action = enter(State::done, Step::finish);
    action.drop_session = true;
    return action;
  }
  switch (state_) {
    case State::idle:
      return input.outcome == Outcome::begin ? enter(State::connecting, Step::connect) : Action{};
    case State::connecting:
      return connecting(input);
    case State::listing:
      return listing(input);
    case State::watching:
      return watching(input);
    case State::backing_off:
      return input.outcome == Outcome::backoff_over ? enter(State::connecting, Step::connect)
                                                    : Action{};
    case State::done:
      break;
  }
  return {};
}

Action ReflectorFsm::connecting(const Input& input) {
  if (input.outcome == Outcome::connected) {
    connected_at_ = input.now;
    list_again_ = false;
    return enter(State::listing, Step::list);
  }
  return input.outcome == Outcome::connect_failed ? fail_session(input) : Action{};
}

Action ReflectorFsm::listing(const Input& input) {
  switch (input.outcome) {
    case Outcome::listed: {
      denied_since_.reset();
      const bool again = std::exchange(list_again_, false);
      Action action =
          again ? enter(State::listing, Step::list) : enter(State::watching, Step::watch);
      action.apply_list = true;
      if (!again) {
        action.tell_reconnected = std::exchange(disconnected_, false);
        action.tell_synced = !std::exchange(synced_, true);
      }
      return action;
    }
    case Outcome::desynced:
      list_again_ = true;  // the list under way may be older than the doubt
      return {};
    case Outcome::list_failed:
      return fail_session(input);
    default:
      return session_over(input);
  }
}

Action ReflectorFsm::watching(const Input& input) {
  return input.outcome == Outcome::desynced ? enter(State::listing, Step::list)
                                            : session_over(input);
}

Action ReflectorFsm::session_over(const Input& input) {
  if (input.outcome == Outcome::stream_failed) return fail_session(input);
  return input.outcome == Outcome::stream_ended ? stream_ended(input) : Action{};
}

Action ReflectorFsm::stream_ended(const Input& input) {
  if (input.now - *connected_at_ < policy_.short_stream) {
    static const RuntimeError short_lived{.what = "the engine ended the stream at once"};
    return fail_session({input.outcome, input.now, input.chance, &short_lived});
  }
  forgive(input.now);
  Action action = enter(State::connecting, Step::connect);
  action.drop_session = true;
  return action;
}

Action ReflectorFsm::fail_session(const Input& input) {
  if (input.error->kind == ErrorKind::invalid_config) {
    Action action = enter(State::done, Step::finish);
    action.drop_session = true;
    action.error = *input.error;
    return action;
  }
  const Duration delay = backoff(input);
  Action action = enter(State::backing_off, Step::back_off);
  action.drop_session = true;
  action.tell_disconnected = !std::exchange(disconnected_, true);
  action.reason = input.error->describe();
  action.delay = delay;
  return action;
}

/// Called at the end of a session: one that lasted long resets the count of failures, however it
/// ended.
void ReflectorFsm::forgive(Monotonic now) {
  if (connected_at_ && now - *connected_at_ >= policy_.reset_after) failures_ = 0;
  connected_at_.reset();
}

Duration ReflectorFsm::backoff(const Input& input) {
  forgive(input.now);
  Duration longest = policy_.cap;
  double chance = input.chance;
  if (input.error->kind == ErrorKind::denied) {
    // After a restart API servers refuse for a moment what they allow later.
    if (!denied_since_) denied_since_ = input.now;
    const bool just_now = synced_ && input.now - *denied_since_ < policy_.denial_grace;
    if (just_now)
      longest = policy_.base;
    else
      chance = (1 + chance) / 2;  // retried rarely: never after less than half of the longest delay
  } else {
    constexpr int enough_doublings = 16;
    const double grown = std::ldexp(static_cast<double>(policy_.base.count()),
                                    std::min(failures_, enough_doublings));
    longest = std::min(longest, Duration(static_cast<Duration::rep>(grown)));
  }
  ++failures_;
  const auto jittered = static_cast<Duration::rep>(static_cast<double>(longest.count()) * chance);
  return input.error->retry_after + std::max(policy_.floor, Duration(jittered));
}

std::string_view to_string(State state) noexcept {
  switch (state) {
    case State::idle:
      return "idle";
    case State::connecting:
      return "connecting";
    case State::listing:
      return "listing";
    case State::watching:
      return "watching";
    case State::backing_off:
      return "backing_off";
    case State::done:
      return "done";
  }
  return no_such_word;
}

std::string_view to_string(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::begin:
      return "begin";
    case Outcome::connected:
      return "connected";
    case Outcome::connect_failed:
      return "connect_failed";
    case Outcome::listed:
      return "listed";
    case Outcome::list_failed:
      return "list_failed";
    case Outcome::stream_failed:
      return "stream_failed";
    case Outcome::stream_ended:
      return "stream_ended";
    case Outcome::desynced:
      return "desynced";
    case Outcome::backoff_over:
      return "backoff_over";
    case Outcome::cancelled:
      return "cancelled";
  }
  return no_such_word;
}

std::string_view to_string(Step step) noexcept {
  switch (step) {
    case Step::none:
      return "none";
    case Step::connect:
      return "connect";
    case Step::list:
      return "list";
    case Step::watch:
      return "watch";
    case Step::back_off:
      return "back_off";
    case Step::finish:
      return "finish";
  }
  return no_such_word;
}

std::ostream& operator<<(std::ostream& out, State state) {
  return out << to_string(state);
}
std::ostream& operator<<(std::ostream& out, Outcome outcome) {
  return out << to_string(outcome);
}

std::ostream& operator<<(std::ostream& out, const Action& action) {
  if (action.drop_session) out << "drop ";
  if (action.tell_disconnected) out << "disconnected ";
  if (action.apply_list) out << "apply ";
  if (action.tell_reconnected) out << "reconnected ";
  if (action.tell_synced) out << "synced ";
  out << to_string(action.step);
  if (action.step == Step::back_off) out << ' ' << action.delay.count() << "ns";
  if (action.error) out << ' ' << *action.error;
  return out;
}

}  // namespace rollcall
