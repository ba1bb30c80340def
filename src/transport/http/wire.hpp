// How to reach an engine, and how long each of its answers may take.
#pragma once

#include <chrono>

#include "core/list_budget.hpp"
#include "transport/http/client.hpp"

namespace rollcall {

/// The longest waits that the contract allows.
struct Deadlines {
  Milliseconds connect = std::chrono::seconds(2);
  Milliseconds probe_head = std::chrono::seconds(2);    ///< The first request: who answers there.
  Milliseconds list_head = std::chrono::seconds(30);    ///< All other requests.
  Milliseconds body = std::chrono::seconds(15);         ///< Without progress.
  Milliseconds quiet_probe = std::chrono::seconds(10);  ///< The probe of a quiet stream, in all.
  /// For a stream whose peer sends signs of life now and then.
  Milliseconds silence = std::chrono::seconds(45);

  static Deadlines for_endpoint(const Endpoint& endpoint) {
    using namespace std::chrono_literals;
    return {.connect = endpoint.local() ? 2s : 10s};
  }
};

/// Lets tests and tunnels replace the network: `connect` makes every connection to the engine.
struct Wire {
  Connector connect;
  Deadlines deadlines;
  ListLimits limits{};

  static Wire to(const Endpoint& endpoint) {
    return {.connect = [endpoint](Milliseconds limit) { return connect_stream(endpoint, limit); },
            .deadlines = Deadlines::for_endpoint(endpoint),
            .limits = {}};
  }
};

}  // namespace rollcall
