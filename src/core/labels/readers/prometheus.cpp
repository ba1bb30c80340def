// prometheus.io/*: whether and where metrics are scraped.
#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/labels/readers/fields.hpp"
#include "core/labels/readers/readers.hpp"
#include "core/labels/scrape_path.hpp"
#include "core/text/text.hpp"

namespace rollcall::readers {
namespace {

// Annotations of other scrape configurations (prometheus.io/param_…) are ignored, not problems.
constexpr auto fields = std::to_array<Field>({
    {"scrape", "scrape.enable", right::boolean,
     read_value<parse_bool, &Metadata::scrape, &Metadata::Scrape::enable>},
    {"port", "scrape.port", right::port,
     read_value<parse_port, &Metadata::scrape, &Metadata::Scrape::port>},
    {"path", "scrape.path", right::path, read_scrape_path},
    {"scheme", "scrape.scheme", right::web_scheme,
     read_value<parse_web_scheme, &Metadata::scrape, &Metadata::Scrape::scheme>},
});

}  // namespace

void read_scrape_path(const Field& field, const Label& label, Draft& draft) {
  auto path = draft.understood(parse_path(label.value), label, field.right);
  if (!path) return;
  const std::string_view lost = split_scrape_path(label.value).lost;
  if (!lost.empty()) {
    draft.problem(label, static_cast<std::size_t>(lost.data() - label.value.data()),
                  fmt::format("Prometheus is not told \"{}\": it takes parameters whose names are "
                              "letters, digits and underscores, each name once",
                              excerpt(lost)));
  }
  draft.put(field.field, draft.metadata().scrape.make().path, std::move(*path), label);
}

void read_prometheus(std::span<const Label> labels, Draft& draft) {
  for (const Label& label : labels) {
    if (const Field* field = find_field(fields, label.name)) field->read(*field, label, draft);
  }
}

}  // namespace rollcall::readers
