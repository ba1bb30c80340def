// Decodes pods, Services and endpoints from lists and watches of the API.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <rollcall/instance.hpp>
#include <rollcall/result.hpp>

#include "backends/kubernetes/network.hpp"
#include "core/masking.hpp"

namespace rollcall::kubernetes {

/// A resourceVersion. If two of one object are equal, it did not change between them.
struct Version {
  std::uint64_t number = 0;
  bool ordered = false;  ///< Whether it is a number, as in all real servers.

  static Version of(std::string_view text);
  /// Whether this version is not newer than the other.
  [[nodiscard]] bool up_to(const Version& other) const noexcept {
    return ordered && other.ordered && number <= other.number;
  }
  friend bool operator==(const Version&, const Version&) = default;
};

/// The hash by which a Roster finds objects by namespace and name.
std::size_t hash_of_place(std::string_view name_space, std::string_view name) noexcept;

struct Pod {
  /// Not shared yet. Without the ports of services; for a known pod only key and names are set.
  /// Null if the event is not about a pod.
  std::shared_ptr<Instance> instance{};
  Version version{};
  std::string node_ip{};  ///< The address of its node; empty: it has no node yet.
  std::size_t place = 0;  ///< hash_of_place()
  bool known = false;     ///< It has not changed; nothing else was decoded.
};

/// The meaning of a line of a watch.
enum class EventType : std::uint8_t { put, deleted, bookmark, error, unknown };

template <class Object>
struct Event {
  EventType type = EventType::unknown;
  std::string version;  ///< The watch is complete up to here, as the server wrote it.
  Object object{};
  bool ends_list = false;  ///< In a bookmark: the initial list is complete.
};

/// Decodes items and lines. It reuses its parser's memory, so make one per session.
///
/// A pod that cannot be decoded but has a UID gets the state unknown, with a problem that says why;
/// without a UID it is an error of the kind protocol. Services and slices that cannot be decoded
/// are ignored.
class Decoder {
 public:
  /// `endpoint` goes into the keys.
  explicit Decoder(std::string endpoint, Masker masker = Masker());
  ~Decoder();

  /// Whether the pod with this metadata is already known in this version.
  using IsKnown = std::function<bool(const Meta&)>;

  /// Decode items of lists. The 64 bytes after each text must be readable.
  [[nodiscard]] Result<Pod> pod(std::string_view item, Timestamp now, const IsKnown& is_known);
  [[nodiscard]] Service service(std::string_view item);
  [[nodiscard]] Slice slice(std::string_view item, SliceApi api);

  /// Decode lines of watches. Errors: protocol, if it is none.
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
