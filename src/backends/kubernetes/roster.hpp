// Which pods there are, and which Services and endpoints lead to each. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "backends/kubernetes/decode.hpp"
#include "core/driver.hpp"

namespace rollcall::kubernetes {

/// Lists fill it in rounds, watches change it after that; what has not changed stays the same
/// object in memory.
///
/// A change of a Service or of endpoints changes the pods behind it and no others, and costs what
/// these cost: pods are found by namespace and name. Endpoints that tell of no pod are found by
/// their address, which costs a look at each pod of the namespace. Whether an endpoint is ready
/// does not matter: that is the pod's health.
///
/// Beside its Instance a pod takes about 150 bytes.
class Roster {
 public:
  /// `keeps_ended`: pods that do not run are kept, too.
  explicit Roster(bool keeps_ended = false) : keeps_ended_(keeps_ended) {}
  Roster(const Roster&) = delete;
  Roster& operator=(const Roster&) = delete;

  // A round of lists, in this order. If it is not finished, the next one makes up for it.

  void begin_round();
  /// Whether nothing was here when the round began, so that no pod can be known.
  [[nodiscard]] bool is_new() const noexcept { return is_new_; }
  void put(Service service);
  void put(Slice slice);
  void end_network();  ///< All Services and slices have come.
  /// Whether a pod of the list is here in this version; then it is in this round, too. `elder` may
  /// know it; null: there is none.
  [[nodiscard]] bool keep(const Meta& meta, const Roster* elder);
  void put(Pod pod);
  /// All pods have come: those that are here.
  [[nodiscard]] std::vector<InstancePtr> end_round();

  // Events of the watches.

  [[nodiscard]] bool knows(const Meta& meta) const;
  void apply(EventType type, Pod pod, std::vector<Change>& changes);
  void apply(EventType type, Service service, std::vector<Change>& changes);
  void apply(EventType type, Slice slice, std::vector<Change>& changes);

  [[nodiscard]] std::size_t size() const noexcept { return pods_.size(); }

 private:
  /// A pod, by its namespace and name.
  struct Entry {
    std::size_t hash;
    mutable std::shared_ptr<Instance> pod;  // never changed once it is here
    mutable Version version;
    mutable std::uint64_t own_ports = 0;  // which of its ports are not of services: a bit for each
    mutable std::uint32_t round = 0;
    mutable bool joined = false;  // with the services of this round
  };
  struct Place {
    Place(std::string_view its_name_space, std::string_view its_name);
    explicit Place(const Pod& pod);
    std::string_view name_space;
    std::string_view name;
    std::size_t hash;
  };
  // A pod is looked at only if its hash is the one wanted: another one is another miss of the
  // cache.
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const auto& at) const noexcept { return at.hash; }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Entry& a, const Entry& b) const noexcept {
      return a.hash == b.hash && a.pod->name == b.pod->name && a.pod->group == b.pod->group;
    }
    bool operator()(const Place& a, const Entry& b) const noexcept {
      return a.hash == b.hash && a.name == b.pod->name && a.name_space == b.pod->group;
    }
    bool operator()(const Entry& a, const Place& b) const noexcept { return (*this)(b, a); }
  };
  using Pods = boost::unordered_flat_set<Entry, Hash, Equal>;  // inserting moves what is there

  template <class Object>
  struct Record {
    Object object;
    std::uint32_t round = 0;
  };

  /// That a slice has a target, by the hash of the target's namespace and text.
  struct Member {
    const Slice* slice = nullptr;
    std::uint32_t at = 0;  // in the targets of all its groups
    std::uint32_t hash = 0;
  };
  struct MemberHash {
    std::size_t operator()(const Member& member) const noexcept { return member.hash; }
  };
  struct MemberEqual {
    bool operator()(const Member& a, const Member& b) const noexcept { return a.hash == b.hash; }
  };

  static std::uint32_t short_hash(std::string_view name_space, std::string_view target) noexcept;

  [[nodiscard]] std::vector<PortMapping> own_ports_of(const Entry& entry) const;
  void set_ports(const Entry& entry, std::vector<PortMapping> own, std::vector<PortMapping> all);
  void add_service_ports(const Entry& entry);
  [[nodiscard]] std::vector<PortMapping> service_ports_of(const Instance& pod) const;
  void collect(const Instance& pod, std::string_view target, std::vector<PortMapping>& into) const;
  [[nodiscard]] bool join(const Entry& entry);
  [[nodiscard]] Pods::const_iterator find(const Place& place, const Meta& meta) const;
  Pods::iterator take(Pod pod);
  void erase(Pods::iterator at);

  [[nodiscard]] bool replace(Slice slice);
  void forget(const Slice& slice);
  void remember(const Slice& slice);
  void rejoin(std::string_view name_space, const std::vector<std::string>& targets,
              std::vector<Change>& changes);
  void rejoin_by_address(std::string_view name_space, std::string_view ip,
                         std::vector<Change>& changes);

  bool keeps_ended_;
  std::uint32_t round_ = 0;
  bool is_new_ = true;
  bool network_changed_ = false;  // since the last round that was finished
  Pods pods_;
  // Those put since a new round began: who goes through them in the order of their memory, not of
  // their hashes, is faster by far.
  std::vector<InstancePtr> as_they_came_;
  std::map<std::string, std::vector<PortMapping>> many_ports_;  // own ones where bits are too few
  boost::unordered_flat_map<std::string, std::string> nodes_;   // addresses by name
  std::map<std::string, Record<Service>> services_;             // by namespace and name
  std::map<std::string, Record<Slice>> slices_;
  std::unordered_multimap<std::string, const Slice*> slices_of_;  // by their service
  std::unordered_multiset<Member, MemberHash, MemberEqual> members_;
};

}  // namespace rollcall::kubernetes
