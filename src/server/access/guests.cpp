#include "server/access/guests.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/system/error_code.hpp>

#include "core/budgets.hpp"

namespace rollcall::server {

std::string peer_of(const Client& client) {
  namespace ip = boost::asio::ip;
  if (client.door != Client::Door::tcp || is_loopback(client.address)) return {};
  boost::system::error_code ec;
  const ip::address address = ip::make_address(client.address, ec);
  if (ec || address.is_v4()) return client.address;
  const ip::address_v6 v6 = address.to_v6();
  if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6).to_string();
  // A host has a whole /64 to itself, and may use any address of it.
  ip::address_v6::bytes_type bytes = v6.to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
  return ip::address_v6(bytes, v6.scope_id()).to_string() + "/64";
}

Guests::Guest::Guest(Guests& all, Client who, bool securing)
    : all_(all), client_(std::move(who)), securing_(securing) {
  if (securing_) among_securing_ = all_.securing_.insert(all_.securing_.end(), this);
  ++all_.stats_.connections;
  here_ = true;
  enter();
}

Guests::Guest::~Guest() {
  leave();
  if (sent_away_) --all_.leaving_;
}

void Guests::Guest::enter() {
  if (client_.trusted) {
    ++all_.trusted_count_;
    return;
  }
  peer_ = all_.strangers_.try_emplace(peer_of(client_)).first;
  ++peer_->second.strangers;
  if (answers_ == 0) wait();
}

void Guests::Guest::exit() {
  if (client_.trusted) {
    --all_.trusted_count_;
    return;
  }
  stop_waiting();
  if (--peer_->second.strangers == 0) all_.strangers_.erase(peer_);
}

void Guests::Guest::wait() {
  std::list<Guest*>& waiting = peer_->second.waiting;
  among_waiting_ = waiting.insert(waiting.end(), this);
  waits_since_ = all_.turn_++;
  waits_ = true;
}

void Guests::Guest::stop_waiting() {
  if (std::exchange(waits_, false)) peer_->second.waiting.erase(among_waiting_);
}

void Guests::Guest::secured() {
  if (std::exchange(securing_, false)) all_.securing_.erase(among_securing_);
}

void Guests::Guest::trust(bool trusted) {
  if (!here_ || client_.trusted == trusted) return;
  // A trusted client beyond the limit stays among the strangers.
  if (trusted && all_.trusted_count_ >= all_.limits_.connections) return;
  exit();
  client_.trusted = trusted;
  enter();
}

void Guests::Guest::leave() {
  secured();
  if (!std::exchange(here_, false)) return;
  exit();
  --all_.stats_.connections;
}

Guests::Guest::Busy::Busy(Guest& guest) : guest_(guest) {
  if (guest_.answers_++ == 0) guest_.stop_waiting();
}

Guests::Guest::Busy::~Busy() {
  if (--guest_.answers_ == 0 && guest_.here_ && !guest_.client_.trusted) guest_.wait();
}

bool Guests::send_away(Guest* guest) {
  if (guest == nullptr) return false;
  ++stats_.refused_connections;
  guest->leave();
  guest->sent_away_ = true;
  ++leaving_;
  if (guest->send_away_) guest->send_away_();
  return true;
}

/// The longest-waiting stranger of the peer with the most waiting connections.
Guests::Guest* Guests::longest_waiting() const {
  const Peer* crowded = nullptr;
  for (const auto& [name, peer] : strangers_) {
    if (peer.waiting.empty()) continue;
    const auto rank = [](const Peer& p) {
      return std::pair(p.waiting.size(), ~p.waiting.front()->waits_since_);
    };
    if (crowded == nullptr || rank(peer) > rank(*crowded)) crowded = &peer;
  }
  return crowded == nullptr ? nullptr : crowded->waiting.front();
}

/// Whether there is room, or a waiting stranger could be let go to make room.
bool Guests::make_room(const Arrival& arrival) {
  if (arrival.client.trusted) {
    if (trusted_count_ >= limits_.connections) return false;
    return !arrival.scarce || send_away(longest_waiting());
  }
  const std::string name = peer_of(arrival.client);
  const auto peer = strangers_.find(name);
  const bool crowd = !name.empty() && peer != strangers_.end() &&
                     peer->second.strangers >= limits_.connections_of_peer;
  if (crowd) {
    std::list<Guest*>& waiting = peer->second.waiting;
    if (!send_away(waiting.empty() ? nullptr : waiting.front())) return false;
  }
  const std::size_t strangers = stats_.connections - trusted_count_;
  if (strangers >= limits_.connections || (arrival.scarce && !crowd)) {
    if (!send_away(longest_waiting())) return false;
  }
  if (arrival.securing && securing_.size() >= budget::handshakes) {
    if (!send_away(securing_.front())) return false;
  }
  return true;
}

GuestPtr Guests::admit(Arrival arrival) {
  arrival.client.trusted = arrival.client.door == Client::Door::unix_socket;
  if (!make_room(arrival)) {
    ++stats_.refused_connections;
    return nullptr;
  }
  return std::make_shared<Guest>(*this, std::move(arrival.client), arrival.securing);
}

}  // namespace rollcall::server
