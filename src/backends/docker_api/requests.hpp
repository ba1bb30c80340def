// Settings of a place for all requests to its engine.
#pragma once

#include <string>
#include <vector>

#include "backends/place.hpp"
#include "transport/http/client.hpp"

namespace rollcall::docker_api {

struct RequestRules {
  std::vector<HttpHeader> headers{};  ///< Sent with each request; a value may be a secret.
  std::string api_version{};          ///< "1.41"; empty: the newest that the engine offers.

  friend bool operator==(const RequestRules&, const RequestRules&) = default;
};

/// The rules of a place that has any.
struct RequestDetail final : PlaceDetail {
  explicit RequestDetail(RequestRules the_rules) : rules(std::move(the_rules)) {}
  RequestRules rules;
};

/// The rules that came with the place.
inline RequestRules rules_of(const Place& place) {
  const auto* detail = dynamic_cast<const RequestDetail*>(place.detail.get());
  return detail == nullptr ? RequestRules() : detail->rules;
}

}  // namespace rollcall::docker_api
