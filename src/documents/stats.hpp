// What the server counts of itself.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rollcall::server {

struct Stats {
  std::size_t connections = 0;  ///< Now.
  std::size_t in_flight = 0;    ///< Requests that are being answered.
  std::size_t subscribers = 0;  ///< Of /v1/events.
  /// Of these, those of clients that are trusted (Client::trusted).
  std::size_t trusted_in_flight = 0;
  std::size_t trusted_subscribers = 0;
  std::uint64_t requests = 0;             ///< Ever.
  std::uint64_t refused_connections = 0;  ///< Those that were let go for others, too.
  std::uint64_t refused_requests = 0;     ///< By a limit, the token, the Host, or because not HTTP.
  std::uint64_t lagged = 0;               ///< Subscribers that were told that they lost changes.
  std::size_t targets_left_out = 0;       ///< Of the last answer for Prometheus, for want of room.
  std::uint64_t stalled = 0;              ///< Clients that did not read in time.
};

/// Counts one for as long as it lives.
class Counted {
 public:
  explicit Counted(std::size_t& counter) : counter_(counter) { ++counter_; }
  ~Counted() { --counter_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::size_t& counter_;
};

}  // namespace rollcall::server
