// Parses the target in the first line of a request. Pure.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rollcall::server {

/// The decoded parts of "/v1/instances/docker/unix%3A%2F%2Fx/1?name=web".
struct RequestTarget {
  std::string path;                   ///< As it was sent, without the query; begins with '/'.
  std::vector<std::string> segments;  ///< Of the path, decoded: a slash may be within one.
  std::vector<std::pair<std::string, std::string>> query;  ///< In the order in which they came.

  /// The first value of that name.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
};

/// Parses "/path?query" and "http://host/path?query".
///
/// Errors: a sentence that says what is wrong.
[[nodiscard]] std::expected<RequestTarget, std::string> parse_target(std::string_view text);

}  // namespace rollcall::server
