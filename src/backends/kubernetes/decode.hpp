// Pods, Services and endpoints, as lists and watches of the API tell them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <rollcall/instance.hpp>
#include <rollcall/result.hpp>

#include "backends/kubernetes/network.hpp"

namespace rollcall::kubernetes {

/// A resourceVersion. Two of one object are equal if it did not change between them.
struct Version {
  std::uint64_t number = 0;
  bool ordered = false;  ///< Whether it is a number, as those of all real servers are.

  static Version of(std::string_view text);
  /// Whether nothing that this one tells is newer than the other.
  [[nodiscard]] bool up_to(const Version& other) const noexcept {
    return ordered && other.ordered && number <= other.number;
  }
  friend bool operator==(const Version&, const Version&) = default;
};

/// The hash by which a Roster finds what has this namespace and name.
std::size_t hash_of_place(std::string_view name_space, std::string_view name) noexcept;

struct Pod {
  /// Nobody else's yet. Without the ports of services; of one that is known only key and names.
  /// Null in an event that is of no pod.
  std::shared_ptr<Instance> instance{};
  Version version{};
  std::string node_ip{};  ///< Of the node that it is on; empty: it is on none yet.
  std::size_t place = 0;  ///< hash_of_place()
  bool known = false;     ///< It has not changed since; nothing else was decoded.
};

/// What a line of a watch is about.
enum class EventType : std::uint8_t { put, deleted, bookmark, error, unknown };

template <class Object>
struct Event {
  EventType type = EventType::unknown;
  std::string version;  ///< Up to where the watch has told everything, as the server wrote it.
  Object object{};
  bool ends_list = false;  ///< Of a bookmark: all that there was has been told.
};

/// Decodes items and lines. Keeps its parser's memory, so make one for a session.
///
/// A pod that cannot be decoded but has a UID has the state unknown and a problem that says why;
/// without a UID it is an error of the kind protocol. Services and slices that cannot be decoded
/// tell nothing.
class Decoder {
 public:
  /// `endpoint` is that of the keys.
  explicit Decoder(std::string endpoint);
  ~Decoder();

  /// Whether the pod with this metadata is known in this version.
  using IsKnown = std::function<bool(const Meta&)>;

  /// Items of lists. The 64 bytes after each text must be readable.
  [[nodiscard]] Result<Pod> pod(std::string_view item, Timestamp now, const IsKnown& is_known);
  [[nodiscard]] Service service(std::string_view item);
  [[nodiscard]] Slice slice(std::string_view item, SliceApi api);

  /// Lines of watches. Errors: protocol, if it is none.
  [[nodiscard]] Result<Event<Pod>> pod_event(std::string_view line, Timestamp now,
                                             const IsKnown& is_known);
  [[nodiscard]] Result<Event<Service>> service_event(std::string_view line);
  [[nodiscard]] Result<Event<Slice>> slice_event(std::string_view line, SliceApi api);

 private:
  struct Parser;
  [[nodiscard]] Result<Pod> finish(PodItem& item, std::string_view text, error_code error,
                                   Timestamp now);

  std::unique_ptr<Parser> parser_;
  std::string endpoint_;
};

/// The object of an ERROR line, for read_status(); empty if there is none.
std::string_view object_of(std::string_view line);

}  // namespace rollcall::kubernetes
