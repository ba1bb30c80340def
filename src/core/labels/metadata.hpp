// Labels to metadata: what labels ask of the tools that read the roll.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>

namespace rollcall {

/// A value that does not count, because a stronger label says something else.
struct Overridden {
  std::string field;   ///< As in JSON: "health.path".
  std::string value;   ///< As text.
  std::string source;  ///< The label with the value.
  std::string by;      ///< The label that counts instead.

  friend auto operator<=>(const Overridden&, const Overridden&) = default;
};

struct MetadataReading {
  std::shared_ptr<const Metadata> metadata;  ///< Null if no label says anything.
  std::vector<Problem> problems;       ///< One for each label that cannot be understood; sorted.
  std::vector<Overridden> overridden;  ///< Sorted; by `explain_metadata` alone.
};

/// Reads the labels of all tools that docs/labels.md names; for each value the strongest label
/// counts. A malformed value is a problem and is otherwise ignored. For any labels the work is
/// about linear in their size, and routes, TXT entries and problems are bounded.
///
/// `environment`: the variables that may_be_read allows; they are weaker than any label, and no
/// problem quotes them.
MetadataReading read_metadata(const Labels& labels, const Labels& environment = {});

/// The same, with the overridden values and the labels that override them.
MetadataReading explain_metadata(const Labels& labels, const Labels& environment = {});

/// Whether a variable of an instance's environment has a meaning here: VIRTUAL_HOST, VIRTUAL_PORT,
/// KOI_MDNS_ANNOUNCE, and the known ones of SERVICE_*. All others must not be kept.
bool may_be_read(std::string_view variable);

}  // namespace rollcall
