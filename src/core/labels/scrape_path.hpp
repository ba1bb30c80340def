// The path of a scrape with its query, in the form that Prometheus takes. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rollcall {

/// "/v1/metrics?format=prometheus" as `__metrics_path__` and `__param_format`.
struct ScrapePath {
  std::string path;  ///< Decoded: Prometheus encodes it again.
  /// Names and values of the query, decoded, each name once, with its first value.
  std::vector<std::pair<std::string, std::string>> parameters;
  /// The first parameter that no label can carry, as it is written: its name has other characters
  /// than letters, digits and underscores, or it comes again. Empty: there is none.
  std::string_view lost;
};

/// Takes the path of a URL apart. A fragment is never sent, and so it is left out; what is no
/// escape stays as it is.
ScrapePath split_scrape_path(std::string_view text);

}  // namespace rollcall
