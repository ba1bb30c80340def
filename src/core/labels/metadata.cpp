#include "core/labels/metadata.hpp"

#include <span>
#include <vector>

#include <fmt/format.h>

#include "core/budgets.hpp"
#include "core/labels/readers/draft.hpp"
#include "core/labels/readers/families.hpp"
#include "core/labels/readers/readers.hpp"

namespace rollcall {
namespace {

using readers::Draft;
using readers::Label;

/// The labels of one tool.
struct Share {
  std::vector<Label> labels;
  std::size_t bytes = 0;
};

MetadataReading read(const Labels& labels, const Labels& environment, Draft draft) {
  const std::span<const readers::Family> families = readers::families();
  std::vector<Share> shares(families.size());
  std::vector<Label> too_long;
  std::vector<Label> too_much;
  for (const auto& [key, value] : labels) {
    const auto found = readers::family_of(key);
    if (!found) continue;
    if (key.size() > readers::longest_label_key) {
      too_long.push_back({.key = key, .name = found->name, .value = value});
      continue;
    }
    Share& share = shares.at(found->family);
    share.bytes += key.size() + value.size();
    auto& into = share.bytes > budget::label_family_bytes ? too_much : share.labels;
    into.push_back({.key = key, .name = found->name, .value = value});
  }
  if (!too_long.empty()) {
    draft.problem(
        too_long.front(),
        fmt::format("a key may have {} bytes; labels with longer ones, {} in all, are not "
                    "read",
                    readers::longest_label_key, too_long.size()));
  }
  if (!too_much.empty()) {
    draft.problem(too_much.front(),
                  fmt::format("the labels of one tool may have {} KiB together; further ones, {} "
                              "in all, are not read",
                              budget::label_family_bytes >> 10U, too_much.size()));
  }
  for (std::size_t i = 0; i < families.size(); ++i) {
    if (!shares[i].labels.empty()) families[i].read(shares[i].labels, draft);
  }
  if (!environment.empty()) readers::read_environment(environment, draft);
  return draft.take();
}

}  // namespace

MetadataReading read_metadata(const Labels& labels, const Labels& environment) {
  return read(labels, environment, Draft(false));
}

MetadataReading explain_metadata(const Labels& labels, const Labels& environment) {
  return read(labels, environment, Draft(true));
}

}  // namespace rollcall
