#include "backends/host/places.hpp"

#include <string>

#include <fmt/format.h>

#include "core/text/text.hpp"

namespace rollcall::host {

Result<std::vector<Place>> places(const BackendOptions& options) {
  if (!options.endpoint.empty() && options.endpoint != url) {
    return fail({.kind = ErrorKind::invalid_config,
                 .endpoint = options.endpoint,
                 .what = "the host is the one that this program runs on, and no other",
                 .remedy = fmt::format("leave out the endpoint, or write {}", url)});
  }
  return std::vector<Place>{{std::string(url), "always there"}};
}

}  // namespace rollcall::host
