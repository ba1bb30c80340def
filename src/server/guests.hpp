// Who is connected, and how many more may be. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "server/admission.hpp"
#include "server/options.hpp"
#include "server/stats.hpp"

namespace rollcall::server {

/// Counts the clients that are connected: all, and those of each other host.
///
/// Lifetime: outlives those that it admits.
class Guests {
 public:
  Guests(const Limits& limits, Stats& stats) : limits_(limits), stats_(stats) {}

  /// One client, for as long as it is here.
  class Guest {
   public:
    Guest(Guests& all, Client who);
    ~Guest();
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;

    [[nodiscard]] const Client& client() const noexcept { return client_; }

   private:
    Guests& all_;
    Client client_;
    Counted counted_;
  };

  /// Null if there are too many already.
  [[nodiscard]] std::shared_ptr<const Guest> admit(Client client);

 private:
  [[nodiscard]] bool full(const Client& client) const;

  const Limits& limits_;
  Stats& stats_;
  std::map<std::string, std::size_t> of_peer_;  // connections of other hosts, by address
};

}  // namespace rollcall::server
