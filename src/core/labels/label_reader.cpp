#include "core/labels/label_reader.hpp"

#include <array>
#include <bit>

#include "core/labels/readers/families.hpp"

namespace rollcall {
namespace {

void append(std::string& all, std::string_view text) {
  const auto size = std::bit_cast<std::array<char, sizeof(std::size_t)>>(text.size());
  all.append(size.data(), size.size()).append(text);
}

void append(std::string& all, const Labels::Entry& entry) {
  append(all, entry.first);
  append(all, entry.second);
}

}  // namespace

const LabelReader::Reading& LabelReader::read(const std::vector<Labels::Entry>& entries) {
  text_.clear();
  for (const Labels::Entry& entry : entries) append(text_, entry);
  return readings_.get(text_, [&] { return read_anew(entries); });
}

/// Metadata depends on tool labels only, so it has its own cache.
LabelReader::Reading LabelReader::read_anew(const std::vector<Labels::Entry>& entries) {
  Reading reading{.labels = masker_.labels(entries), .metadata = nullptr, .problems = {}};
  std::string asking;
  for (const Labels::Entry& entry : reading.labels) {
    if (readers::family_of(entry.first)) append(asking, entry);
  }
  const MetadataReading& found =
      metadata_.get(asking, [&reading] { return read_metadata(reading.labels); });
  reading.metadata = found.metadata;
  reading.problems = found.problems;
  return reading;
}

}  // namespace rollcall
