// homepage.*: how a dashboard shows it.
#include <array>

#include "core/readers/fields.hpp"
#include "core/readers/readers.hpp"

namespace rollcall::readers {
namespace {

// Of the rest, homepage.widget.* holds keys and passwords: none of it is copied.
constexpr auto fields = std::to_array<Field>({
    {"group", "display.group", right::line,
     read_value<parse_line, &Metadata::display, &Metadata::Display::group>},
    {"name", "name", right::name, read_value<parse_name, &Metadata::name>},
    {"icon", "display.icon", right::line,
     read_value<parse_line, &Metadata::display, &Metadata::Display::icon>},
    {"href", "display.href", right::url,
     read_value<parse_url, &Metadata::display, &Metadata::Display::href>},
    {"description", "display.description", right::line,
     read_value<parse_line, &Metadata::display, &Metadata::Display::description>},
});

}  // namespace

void read_homepage(std::span<const Label> labels, Draft& draft) {
  for (const Label& label : labels) {
    if (const Field* field = find_field(fields, label.name)) field->read(*field, label, draft);
  }
}

}  // namespace rollcall::readers
