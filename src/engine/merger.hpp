// Several engines, one story: which of two paths to one engine tells it, and what is still shown
// of an engine that is away. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rollcall/event.hpp>

#include "core/env.hpp"

namespace rollcall {

/// Tells one source from another; never used twice.
using SourceId = std::uint32_t;

/// An event, and the source whose instances it is about.
struct MergedEvent {
  SourceId source{};
  RuntimeEvent event;
  InstancePtr before{};  ///< What was shown under its key until now; null: nothing.
};

struct MergeOptions {
  /// After a source was disconnected for so long, what is shown of it is Stopped, and Started again
  /// on its return. Nothing: never.
  std::optional<Duration> grace{};
  /// After a source was disconnected for so long, another path to the same engine tells on.
  Duration hand_over_after = std::chrono::seconds(10);
  /// An engine's second path tells of an end as soon as the first one; if it does not for so long,
  /// the instance is not gone.
  Duration end_within = std::chrono::seconds(2);
};

/// Whether no other engine has an instance of this id: it is a random number, as Docker and Podman
/// give it to containers.
bool has_unique_id(const Instance& instance) noexcept;

/// Keeps of the instances with unique ids that several endpoints of one runtime list the first in
/// order.
void keep_first_of_each(std::vector<InstancePtr>& instances);

/// Folds the events of many sources, and tells which of them, and which others, make one story of
/// it: Started (Updated)* Stopped for each key, and each instance under one key at a time.
///
/// Two sources that tell an instance of one unique id are paths to one engine. Who told its start
/// first shows it, until its stop; what the other tells is kept, and shown
///
///  - at once, when the first source is removed,
///  - when the first is disconnected for `hand_over_after`, or dropped after `grace`,
///  - when the first has told its stop, and the other still has it `end_within` later:
///
/// each time as Stopped under the one key and Started under the other. What a source tells of an
/// engine that is away stays, until `grace` is over.
class Merger {
 public:
  explicit Merger(MergeOptions options = {}) : options_(options) {}

  /// What becomes of one event of a source.
  std::vector<MergedEvent> take(SourceId source, RuntimeEvent event, Monotonic now);

  /// A source that is watched no more, and will not come back: its instances are Stopped, by key,
  /// and then those Started that another one tells, too. One that was disconnected is not away any
  /// more after that: it ends with BackendReconnected.
  std::vector<MergedEvent> remove(SourceId source);

  /// When to call advance() next; nothing: whenever take() has changed it.
  [[nodiscard]] std::optional<Monotonic> due() const;

  /// What time alone brings about: all Stopped, then all Started.
  std::vector<MergedEvent> advance(Monotonic now);

  /// The instance that is shown under this key, or null.
  [[nodiscard]] InstancePtr find(const InstanceKey& key) const;

  /// All that are shown, by key.
  [[nodiscard]] std::vector<InstancePtr> list() const;

  /// How many instances are shown of a source.
  [[nodiscard]] std::size_t shown(SourceId source) const;

  /// How many it tells that are not shown: repeated by another, or dropped.
  [[nodiscard]] std::size_t hidden(SourceId source) const;

  /// Whether a source is disconnected, and its instances were dropped for that.
  [[nodiscard]] bool dropped(SourceId source) const;

 private:
  struct ById {
    using is_transparent = void;
    static std::string_view id(const InstancePtr& instance) { return instance->key.id; }
    static std::string_view id(std::string_view text) { return text; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return id(a) < id(b);
    }
  };
  using Instances = std::set<InstancePtr, ById>;

  struct Source {
    Instances shown;
    Instances hidden;  // another source shows them, or this one is dropped
    std::optional<Monotonic> disconnected;
    std::string backend;  // as it was called when it was disconnected
    bool dropped = false;
    bool handed_over = false;  // for this disconnect
  };
  using Sources = std::map<SourceId, Source>;
  using Name = std::pair<std::string, std::string>;  // of an instance: its backend and its id
  using Entry = Sources::value_type;

  void put(Entry& source, InstancePtr instance, bool started, Cause cause);
  void stop(Entry& source, const Stopped& stopped, Monotonic now);
  static void disconnect(Source& source, const std::string& backend, Monotonic now);
  void reconnect(Entry& source);
  void show(Entry& source, InstancePtr instance, Cause cause);
  void hide(Entry& source, InstancePtr instance);
  void hand_over(Entry& source);
  void drop(Entry& source);
  void settle_ends(Monotonic now);
  void show_what_ended_elsewhere(const Name& name);
  [[nodiscard]] static bool silent(const Entry& source);
  [[nodiscard]] Entry* who_shows(const Instance& instance, const Entry& but);
  [[nodiscard]] Entry* who_else_has(const Instance& instance, const Entry& but);
  void tell(const Entry& source, RuntimeEvent event, InstancePtr before = nullptr);
  std::vector<MergedEvent> told();

  MergeOptions options_;
  Sources sources_;
  std::map<Name, Monotonic> ended_;  // whom somebody hides still -> until when
  std::vector<MergedEvent> out_;
};

}  // namespace rollcall
