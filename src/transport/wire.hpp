// How an engine is reached, and how long each of its answers may take.
#pragma once

#include <chrono>

#include "transport/http_client.hpp"

namespace rollcall {

/// The longest waits that the contract allows.
struct Deadlines {
  Milliseconds connect = std::chrono::seconds(2);
  Milliseconds probe_head = std::chrono::seconds(2);    ///< Of the question who is there.
  Milliseconds list_head = std::chrono::seconds(30);    ///< Of everything else.
  Milliseconds body = std::chrono::seconds(15);         ///< Without progress.
  Milliseconds quiet_probe = std::chrono::seconds(10);  ///< Of the probe of a quiet stream, in all.
  /// Of a stream whose other side says now and then that it lives.
  Milliseconds silence = std::chrono::seconds(45);

  static Deadlines for_endpoint(const Endpoint& endpoint) {
    using namespace std::chrono_literals;
    return {.connect = endpoint.local() ? 2s : 10s};
  }
};

/// A seam for tests and for tunnels: every connection to the engine is made by `connect`.
struct Wire {
  Connector connect;
  Deadlines deadlines;

  static Wire to(const Endpoint& endpoint) {
    return {.connect = [endpoint](Milliseconds limit) { return connect_stream(endpoint, limit); },
            .deadlines = Deadlines::for_endpoint(endpoint)};
  }
};

}  // namespace rollcall
