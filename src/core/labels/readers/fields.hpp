// Labels that say one value each, as a table.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "core/labels/readers/draft.hpp"

namespace rollcall::readers {

/// A name that may follow the prefix of a family, and what becomes of its value.
struct Field {
  std::string_view name;   ///< "dns.name".
  std::string_view field;  ///< As in JSON: "dns_name".
  std::string_view right;  ///< Completes "… is not".
  void (*read)(const Field& field, const Label& label, Draft& draft);
};

/// The member of a part of the metadata, which is made if it is absent.
template <class Part, class Member>
Member& member_of(Part& part, Member Part::* member) {
  return part.*member;
}
template <class Part, class Member>
Member& member_of(Rare<Part>& part, Member Part::* member) {
  return part.make().*member;
}

/// Reads with `parse` what belongs into a member of Metadata, or of one of its parts.
template <auto parse, auto member>
void read_value(const Field& field, const Label& label, Draft& draft) {
  if (auto value = draft.understood(parse(label.value), label, field.right)) {
    draft.put(field.field, draft.metadata().*member, std::move(*value), label);
  }
}
template <auto parse, auto part, auto member>
void read_value(const Field& field, const Label& label, Draft& draft) {
  if (auto value = draft.understood(parse(label.value), label, field.right)) {
    draft.put(field.field, member_of(draft.metadata().*part, member), std::move(*value), label);
  }
}

/// Reads the path of metrics. A query parameter that Prometheus cannot take is a problem; the rest
/// counts.
void read_scrape_path(const Field& field, const Label& label, Draft& draft);

/// The field of this name; null, if there is none.
inline const Field* find_field(std::span<const Field> fields, std::string_view name) {
  const auto at = std::ranges::find(fields, name, &Field::name);
  return at == fields.end() ? nullptr : &*at;
}

}  // namespace rollcall::readers
