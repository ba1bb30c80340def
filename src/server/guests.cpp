#include "server/guests.hpp"

#include <utility>

namespace rollcall::server {
namespace {

/// Whether it comes from another host, so that its address tells it from others.
bool is_stranger(const Client& client) {
  return client.door == Client::Door::tcp && !is_loopback(client.address);
}

}  // namespace

Guests::Guest::Guest(Guests& all, Client who)
    : all_(all), client_(std::move(who)), counted_(all.stats_.connections) {
  if (is_stranger(client_)) ++all_.of_peer_[client_.address];
}

Guests::Guest::~Guest() {
  if (!is_stranger(client_)) return;
  const auto at = all_.of_peer_.find(client_.address);
  if (--at->second == 0) all_.of_peer_.erase(at);
}

bool Guests::full(const Client& client) const {
  if (stats_.connections >= limits_.connections) return true;
  const auto at = of_peer_.find(client.address);
  return is_stranger(client) && at != of_peer_.end() && at->second >= limits_.connections_of_peer;
}

std::shared_ptr<const Guests::Guest> Guests::admit(Client client) {
  if (full(client)) {
    ++stats_.refused_connections;
    return nullptr;
  }
  return std::make_shared<const Guest>(*this, std::move(client));
}

}  // namespace rollcall::server
