// Labels to metadata: what labels ask of the tools that read the roll.
#pragma once

#include <memory>
#include <vector>

#include <rollcall/instance.hpp>

namespace rollcall {

struct MetadataReading {
  std::shared_ptr<const Metadata> metadata;  ///< Null if no label says anything.
  std::vector<Problem> problems;  ///< One for each malformed or unknown label of ours; sorted.
};

/// Reads `rollcall.*` and `koi.*` labels; the former beat the latter, value by value. A malformed
/// value is a problem and says nothing.
MetadataReading read_metadata(const Labels& labels);

}  // namespace rollcall
