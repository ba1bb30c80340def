// toybox.*: a label reader for the proof that a new one is a file, its declaration and its row.
#include "core/labels/readers/fields.hpp"
#include "core/labels/readers/readers.hpp"

namespace rollcall::readers {
namespace {

constexpr auto fields = std::to_array<Field>({
    {"title", "name", right::name, read_value<parse_name, &Metadata::name>},
});

}  // namespace

void read_toybox(std::span<const Label> labels, Draft& draft) {
  for (const Label& label : labels) {
    if (const Field* field = find_field(fields, label.name)) field->read(*field, label, draft);
  }
}

}  // namespace rollcall::readers
