// All pods, and the Services and endpoints that lead to each. Pure.
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

/// Lists fill it in rounds, and watches change it afterwards. A pod that has not changed stays the
/// same object in memory.
///
/// A change of a Service or of endpoints affects only the pods behind it, at a cost proportional to
/// these, as pods are found by namespace and name. Endpoints without a pod name are matched by
/// address, which costs a scan of the namespace's pods. Whether an endpoint is ready does not
/// matter: that is the pod's health.
///
/// A pod takes about 150 bytes besides its Instance.
class Roster {
 public:
  /// `keeps_ended`: also keep pods that do not run.
  explicit Roster(bool keeps_ended = false) : keeps_ended_(keeps_ended) {}
  Roster(const Roster&) = delete;
  Roster& operator=(const Roster&) = delete;

  // One round of lists: call these in order. A round that is not finished is replaced by the next.

  void begin_round();
  /// Whether the roster was empty when the round began, so that no pod can be known.
  [[nodiscard]] bool is_new() const noexcept { return is_new_; }
  void put(Service service);
  void put(Slice slice);
  void keep_network();  ///< Not all Services and slices come: those from before stay.
  void end_network();   ///< All Services and slices have come.
  /// Whether a pod of the list is here in this version; then it is in this round, too. `elder` may
  /// know it; null: there is none.
  [[nodiscard]] bool keep(const Meta& meta, const Roster* elder);
  void put(Pod pod);
  /// Ends the round, and returns all its pods.
  [[nodiscard]] std::vector<InstancePtr> end_round();

  // Events of watches.

  [[nodiscard]] bool knows(const Meta& meta) const;
  void apply(EventType type, Pod pod, std::vector<Change>& changes);
  void apply(EventType type, Service service, std::vector<Change>& changes);
  void apply(EventType type, Slice slice, std::vector<Change>& changes);

  [[nodiscard]] std::size_t size() const noexcept { return pods_.size(); }

  /// Approximate memory of Services, endpoints, and the ports that they have given to pods since
  /// the round began.
  [[nodiscard]] std::size_t network_bytes() const noexcept { return network_bytes_ + given_bytes_; }

 private:
  /// A pod, by its namespace and name.
  struct Entry {
    std::size_t hash;
    mutable std::shared_ptr<Instance> pod;  // Immutable once it is here.
    mutable Version version;
    mutable std::uint64_t own_ports = 0;  // A bit for each port that is not of a service.
    mutable std::uint32_t round = 0;
    mutable bool joined = false;  // With the services of this round.
  };
  struct Place {
    Place(std::string_view its_name_space, std::string_view its_name);
    explicit Place(const Pod& pod);
    std::string_view name_space;
    std::string_view name;
    std::size_t hash;
  };
  // Compare hashes first: looking at another pod would be a cache miss.
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
  using Pods = boost::unordered_flat_set<Entry, Hash, Equal>;  // Inserting moves entries.

  template <class Object>
  struct Record {
    Object object;
    std::uint32_t round = 0;
  };

  /// A target of a slice, found by the hash of its namespace and text.
  struct Member {
    const Slice* slice = nullptr;
    std::uint32_t at = 0;  // Index among the targets of all its groups.
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

  void put(Service& here, Service service);
  [[nodiscard]] bool replace(Slice slice);
  void forget(const Slice& slice);
  void remember(const Slice& slice);
  void rejoin(std::string_view name_space, const std::vector<std::string>& targets,
              std::vector<Change>& changes);
  void rejoin_by_address(std::string_view name_space, std::string_view ip,
                         std::vector<Change>& changes);

  bool keeps_ended_;
  std::uint32_t round_ = 0;
  std::size_t network_bytes_ = 0;
  std::size_t given_bytes_ = 0;
  bool is_new_ = true;
  bool keeps_network_ = false;    // in this round
  bool network_changed_ = false;  // since the last round that was finished
  Pods pods_;
  // The pods put in this round, in order. Iterating in the order of their memory is far faster than
  // in that of their hashes.
  std::vector<InstancePtr> as_they_came_;
  std::map<std::string, std::vector<PortMapping>> many_ports_;  // Own ports, if bits are too few.
  boost::unordered_flat_map<std::string, std::string> nodes_;   // Addresses by node name.
  std::map<std::string, Record<Service>> services_;             // By namespace and name.
  std::map<std::string, Record<Slice>> slices_;
  std::unordered_multimap<std::string, const Slice*> slices_of_;  // By service.
  std::unordered_multiset<Member, MemberHash, MemberEqual> members_;
};

}  // namespace rollcall::kubernetes
