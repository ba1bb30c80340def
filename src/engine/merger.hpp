// Merges the events of several engines into one stream: which of two paths to one engine reports
// an instance, and what is still shown of a disconnected engine. Pure.
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

#include "core/async/env.hpp"

namespace rollcall {

/// The id of a source; never reused.
using SourceId = std::uint32_t;

/// An event, and the source whose instances it is about.
struct MergedEvent {
  SourceId source{};
  RuntimeEvent event;
  InstancePtr before{};  ///< What was shown under its key until now; null: nothing.
};

struct MergeOptions {
  /// How long a source may be disconnected before its instances are Stopped; they are Started again
  /// on its return. Nothing: for ever.
  std::optional<Duration> grace{};
  /// How long a source may be disconnected before another path to the same engine takes over.
  Duration hand_over_after = std::chrono::seconds(10);
  /// How much later than one path to an engine another path may report an end; if it does not by
  /// then, the instance still exists.
  Duration end_within = std::chrono::seconds(2);
};

/// Whether the id is unique among all engines: a random number, as Docker and Podman give to
/// containers.
bool has_unique_id(const Instance& instance) noexcept;

/// Removes duplicates: of the instances with one unique id that several endpoints of a runtime
/// list, the first in order stays. If two endpoints describe it differently, both are kept, each
/// with a problem: one of the engines reports an instance that belongs to another.
void keep_first_of_each(std::vector<InstancePtr>& instances);

/// Merges the events of many sources, dropping some and adding others, so that each key has the
/// sequence Started (Updated)* Stopped, and each instance is under one key at a time.
///
/// Two sources that report an instance with the same unique id are paths to one engine if the
/// engines say so: questions() gives the sources to ask, identify() takes their answers. Until both
/// have answered they count as one engine. If they are two, or one of them does not tell, both
/// instances are shown, each with a problem that names the other: an engine cannot replace the
/// instances of another by listing their ids.
///
/// Of two paths to one engine, the first to report an instance's start shows it until its stop; the
/// instance of the other path is kept hidden, and shown
///
///  - at once, when the first source is removed,
///  - when the first is disconnected for `hand_over_after`, or dropped after `grace`,
///  - when the first has told its stop, and the other still has it `end_within` later:
///
/// each time as Stopped under the one key and Started under the other. The instances of a
/// disconnected source stay until `grace` is over.
class Merger {
 public:
  explicit Merger(MergeOptions options = {}) : options_(options) {}

  /// Takes one event of a source, and returns the events that follow from it.
  std::vector<MergedEvent> take(SourceId source, RuntimeEvent event, Monotonic now);

  /// Removes a source that is watched no more: its instances are Stopped, by key, and then those
  /// that another source has too are Started. If it was disconnected, BackendReconnected follows.
  std::vector<MergedEvent> remove(SourceId source);

  /// The sources whose engine must be asked for its identity. Each is returned once.
  [[nodiscard]] std::set<SourceId> questions();

  /// Takes the identity of a source's engine; nothing if it does not tell. Returns all Stopped,
  /// then all Updated, then all Started.
  std::vector<MergedEvent> identify(SourceId source, std::optional<std::string> engine);

  /// When to call advance() next; nothing: not before take() gives it a reason.
  [[nodiscard]] std::optional<Monotonic> due() const;

  /// The events that the passing of time brings about: all Stopped, then all Started. A source is
  /// dropped in steps of some thousand instances; due() then says that there are more.
  std::vector<MergedEvent> advance(Monotonic now);

  /// The instance that is shown under this key, or null.
  [[nodiscard]] InstancePtr find(const InstanceKey& key) const;

  /// All that are shown, by key.
  [[nodiscard]] std::vector<InstancePtr> list() const;

  /// How many instances are shown of a source.
  [[nodiscard]] std::size_t shown(SourceId source) const;

  /// How many instances of a source are not shown: another source shows them, or it is dropped.
  [[nodiscard]] std::size_t hidden(SourceId source) const;

  /// Whether a source was disconnected for so long that its instances were dropped.
  [[nodiscard]] bool dropped(SourceId source) const;

  /// Whether a source was dropped and no other path shows all its instances: what it runs is not
  /// known.
  [[nodiscard]] bool lost(SourceId source) const;

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

  /// Whether two sources lead to one engine.
  enum class Relation : std::uint8_t { undecided, same, different };

  struct Source {
    Instances shown;
    Instances hidden;  // another source shows them, or this one is dropped
    std::optional<Monotonic> disconnected;
    BackendReconnected back;  // ends the last BackendDisconnected that was reported
    bool dropped = false;
    bool lost = false;         // dropped, and not all instances were handed over
    bool handed_over = false;  // during this disconnect
    bool asked = false;        // for the identity of its engine
    bool answered = false;
    std::optional<std::string> engine;             // its identity; nothing: it does not tell
    std::map<std::string, InstancePtr> contested;  // shown with a problem; here without it
  };
  using Sources = std::map<SourceId, Source>;
  using Name = std::pair<std::string, std::string>;  // an instance's backend and id
  using Entry = Sources::value_type;

  void put(Entry& source, InstancePtr instance, bool started, Cause cause);
  void stop(Entry& source, const Stopped& stopped, Monotonic now);
  static void disconnect(Source& source, const BackendDisconnected& event, Monotonic now);
  void reconnect(Entry& source);
  void show(Entry& source, InstancePtr instance, Cause cause);
  void hide(Entry& source, InstancePtr instance);
  void hand_over(Entry& source);
  void drop(Entry& source);
  void settle_ends(Monotonic now);
  void show_what_ended_elsewhere(const Name& name);
  [[nodiscard]] static bool silent(const Entry& source);
  [[nodiscard]] static Relation relation(const Source& a, const Source& b);
  void wonder(Entry& a, Entry& b);
  void part(Entry& source);
  void join(Entry& source);
  InstancePtr contest(Entry& source, InstancePtr instance);
  void mark(Entry& source, const std::string& id, const std::string& other_endpoint);
  InstancePtr take_shown(Entry& source, std::string_view id);
  [[nodiscard]] Entry* who_shows(const Instance& instance, const Entry& but);
  [[nodiscard]] Entry* who_else_has(const Instance& instance, const Entry& but);
  void tell(const Entry& source, RuntimeEvent event, InstancePtr before = nullptr);
  std::vector<MergedEvent> told();

  MergeOptions options_;
  Sources sources_;
  std::map<Name, Monotonic> ended_;  // ended on one path, hidden on another -> when to show
  std::set<SourceId> questions_;
  std::vector<MergedEvent> out_;
};

}  // namespace rollcall
