// The table of routes, from which requests are answered and the documentation is made.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/access/admission.hpp"
#include "server/http/reply.hpp"
#include "server/http/request.hpp"
#include "server/http/request_target.hpp"

namespace rollcall::server {

struct Parameter {
  enum class In : std::uint8_t { path, query, header };

  std::string_view name;
  In in = In::query;
  std::string_view description;
  std::string_view example{};
  std::vector<std::string> values{};  ///< The allowed values; empty: any.
  bool repeatable = false;
};

/// "path", "query", "header".
std::string_view to_string(Parameter::In in) noexcept;

/// A valid request and its parameters.
struct Question {
  const Request& request;
  const RequestTarget& target;
  const Client& client;
  std::map<std::string_view, std::string> path;  ///< Values of the path's parameters.

  /// The value of a parameter of the path.
  [[nodiscard]] const std::string& in_path(std::string_view name) const { return path.at(name); }

  /// All values of a parameter of the query, in their order.
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
};

struct Route {
  std::string_view path;   ///< "/v1/instances/{runtime}/{endpoint}/{id}"
  std::string_view name;   ///< The operationId, for generated clients: "listInstances".
  std::string_view group;  ///< The heading in the documentation.
  std::string_view summary;
  std::string_view description{};
  std::vector<Parameter> parameters{};
  std::vector<std::string_view> types{"application/json"};  ///< Media types of the answer.
  std::vector<unsigned> problems{};  ///< Error statuses besides those of all routes.
  std::string_view schema{};         ///< Of the JSON, among those of openapi.cpp; empty: any.
  bool open = false;                 ///< Answered without a token.
  bool always = false;               ///< Answered even beyond the limit of requests in flight.
  std::function<Reply(const Question&)> answer{};
};

/// The route of a path, and the values of its parameters.
struct Match {
  const Route* route;
  std::map<std::string_view, std::string> values;
};

/// Finds the route of a path, by whole segments; a route without parameters wins.
[[nodiscard]] std::optional<Match> find_route(std::span<const Route> routes,
                                              const RequestTarget& target);

/// A sentence about what is wrong with the parameters of a query: unknown, or given twice. Nothing
/// if they are valid.
[[nodiscard]] std::optional<std::string> wrong_parameters(const Route& route,
                                                          const RequestTarget& target);

/// The names of the route's parameters that are in the query, the path or the header.
[[nodiscard]] std::vector<std::string> names_of(const Route& route, Parameter::In in);

}  // namespace rollcall::server
