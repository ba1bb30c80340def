// prometheus.io/*: whether and where metrics are scraped.
#include <array>

#include "core/readers/fields.hpp"
#include "core/readers/readers.hpp"

namespace rollcall::readers {
namespace {

// Annotations that other scrape configurations define (prometheus.io/param_…) are not ours to
// judge.
constexpr auto fields = std::to_array<Field>({
    {"scrape", "scrape.enable", right::boolean,
     read_value<parse_bool, &Metadata::scrape, &Metadata::Scrape::enable>},
    {"port", "scrape.port", right::port,
     read_value<parse_port, &Metadata::scrape, &Metadata::Scrape::port>},
    {"path", "scrape.path", right::path,
     read_value<parse_path, &Metadata::scrape, &Metadata::Scrape::path>},
    {"scheme", "scrape.scheme", right::web_scheme,
     read_value<parse_web_scheme, &Metadata::scrape, &Metadata::Scrape::scheme>},
});

}  // namespace

void read_prometheus(std::span<const Label> labels, Draft& draft) {
  for (const Label& label : labels) {
    if (const Field* field = find_field(fields, label.name)) field->read(*field, label, draft);
  }
}

}  // namespace rollcall::readers
