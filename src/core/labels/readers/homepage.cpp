// homepage.*: how a dashboard shows it.
#include <array>
#include <string_view>

#include "core/labels/readers/fields.hpp"
#include "core/labels/readers/readers.hpp"

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

// "href" of "instance.public.href", a field for one of several dashboards. The dashboard's name has
// no dot, so that no field of a widget is taken.
std::string_view field_of_dashboard(std::string_view name) {
  constexpr std::string_view prefix = "instance.";
  if (!name.starts_with(prefix)) return {};
  name.remove_prefix(prefix.size());
  const std::size_t dot = name.find('.');
  return dot == 0 || dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
}

}  // namespace

void read_homepage(std::span<const Label> labels, Draft& draft) {
  const auto read = [&draft](std::string_view name, const Label& label) {
    if (const Field* field = find_field(fields, name)) field->read(*field, label, draft);
  };
  for (const Label& label : labels) read(label.name, label);
  // The roll is for no dashboard in particular: fields for all dashboards take precedence.
  for (const Label& label : labels) read(field_of_dashboard(label.name), label);
}

}  // namespace rollcall::readers
