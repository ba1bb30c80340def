// The fold of a watch, with a judge: every event is checked against the laws of the contract.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <rollcall/event.hpp>

namespace rollcall::support {

/// Folds events (Started and Updated put, Stopped erases) and notes every law that one of them
/// breaks.
class CheckedFold {
 public:
  void apply(const RuntimeEvent& event);

  [[nodiscard]] const std::map<std::string, InstancePtr>& running() const noexcept {
    return running_;
  }
  [[nodiscard]] const std::vector<RuntimeEvent>& events() const noexcept { return events_; }
  [[nodiscard]] bool disconnected() const noexcept { return disconnected_; }

  /// One sentence for each breach; empty if all was lawful.
  [[nodiscard]] const std::vector<std::string>& breaches() const noexcept { return breaches_; }

  /// The running instance of that name, or null.
  [[nodiscard]] InstancePtr find(std::string_view name) const;

  /// The types of the events about one instance, in order: "started updated stopped".
  [[nodiscard]] std::string history_of(std::string_view id) const;

  /// The number of events of that type (as `type_of` names it).
  [[nodiscard]] std::size_t count(std::string_view type) const;

 private:
  void check(const Started& event);
  void check(const Updated& event);
  void check(const Stopped& event);
  void check(const BackendDisconnected& event);
  void check(const BackendReconnected& event);
  void check_cause(std::string_view id, Cause cause);
  void breach(std::string sentence);

  std::map<std::string, InstancePtr> running_;  // by id
  std::vector<RuntimeEvent> events_;
  std::vector<std::string> breaches_;
  bool disconnected_ = false;
  std::pair<std::string, std::string> engine_;  // the last one that was disconnected
};

/// One line for each event, for the message of a failed test.
std::string transcript(const CheckedFold& fold);

}  // namespace rollcall::support
