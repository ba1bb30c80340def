// Counts the connected clients, and chooses the one to let go for a newcomer. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "documents/stats.hpp"
#include "server/access/admission.hpp"
#include "server/options.hpp"

namespace rollcall::server {

/// Counts the connected clients: trusted ones in total, strangers in total and per remote host.
///
/// A stranger that is not being answered holds its place only until another client needs it, so
/// filling all places with silent or slow connections keeps no client out.
///
/// Lifetime: outlives the guests that it admits.
class Guests {
 public:
  Guests(const Limits& limits, Stats& stats) : limits_(limits), stats_(stats) {}
  Guests(const Guests&) = delete;
  Guests& operator=(const Guests&) = delete;

  class Guest;
  using GuestPtr = std::shared_ptr<Guest>;

  struct Arrival {
    Client client;
    bool securing = false;  ///< A TLS handshake comes first.
    bool scarce = false;    ///< Hardly any descriptors are left for clients of this kind.
  };

  /// Admits a client; null if there are too many already, and none of them can be let go.
  [[nodiscard]] GuestPtr admit(Arrival arrival);

  /// The number of guests that were sent away and whose connections have not ended yet.
  [[nodiscard]] std::size_t leaving() const noexcept { return leaving_; }

 private:
  /// The guests of one other host, or all guests of this host.
  struct Peer {
    std::size_t strangers = 0;
    std::list<Guest*> waiting;  // the longest-waiting first
  };
  using Peers = std::map<std::string, Peer>;

  [[nodiscard]] bool make_room(const Arrival& arrival);
  [[nodiscard]] bool send_away(Guest* guest);
  [[nodiscard]] Guest* longest_waiting() const;

  const Limits& limits_;
  Stats& stats_;
  Peers strangers_;             // by peer
  std::list<Guest*> securing_;  // the oldest handshake first
  std::size_t trusted_count_ = 0;
  std::size_t leaving_ = 0;
  std::uint64_t turn_ = 0;  // numbers the guests in the order in which they began to wait
};

/// One client, for as long as it is connected.
class Guests::Guest {
 public:
  Guest(Guests& all, Client who, bool securing);
  ~Guest();
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  [[nodiscard]] const Client& client() const noexcept { return client_; }

  /// Whether it still holds its place.
  [[nodiscard]] bool here() const noexcept { return here_; }

  /// Sets the action that ends its connection when its place is needed.
  void when_sent_away(std::function<void()> action) { send_away_ = std::move(action); }

  /// Records that the TLS handshake is over.
  void secured();

  /// Records whether its last request showed that it may be trusted.
  void trust(bool trusted);

  /// Frees its place for another client, although its connection still lives.
  void leave();

  /// While one exists, the guest is being answered and is not sent away.
  class Busy {
   public:
    explicit Busy(Guest& guest);
    ~Busy();
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

   private:
    Guest& guest_;
  };

 private:
  friend class Guests;

  void enter();
  void exit();
  void wait();
  void stop_waiting();

  Guests& all_;
  Client client_;
  std::function<void()> send_away_;
  Peers::iterator peer_;  // of a stranger with a place
  std::list<Guest*>::iterator among_waiting_;
  std::list<Guest*>::iterator among_securing_;
  std::uint64_t waits_since_ = 0;
  std::size_t answers_ = 0;
  bool here_ = false;
  bool waits_ = false;
  bool securing_ = false;
  bool sent_away_ = false;
};

using GuestPtr = Guests::GuestPtr;

/// The address that counts as one host: an IPv4 address, or a /64 of IPv6; empty for clients of
/// this host.
[[nodiscard]] std::string peer_of(const Client& client);

}  // namespace rollcall::server
