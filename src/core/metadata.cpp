#include "core/metadata.hpp"

#include <array>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "core/readers/draft.hpp"
#include "core/readers/family.hpp"
#include "core/readers/readers.hpp"

namespace rollcall {
namespace {

using readers::Draft;
using readers::Label;

using Read = void (*)(std::span<const Label> labels, Draft& draft);

// By readers::Family, which is the order of precedence.
constexpr std::array<Read, readers::families> reads{
    readers::read_rollcall, readers::read_koi,         readers::read_traefik,
    readers::read_caddy,    readers::read_registrator, readers::read_prometheus,
    readers::read_homepage,
};

MetadataReading read(const Labels& labels, const Labels& environment, Draft draft) {
  std::array<std::vector<Label>, readers::families> by_family;
  std::vector<Label> too_long;
  for (const auto& [key, value] : labels) {
    const auto found = readers::family_of(key);
    if (!found) continue;
    if (key.size() > readers::longest_label_key) {
      too_long.push_back({.key = key, .name = found->name, .value = value});
      continue;
    }
    by_family.at(static_cast<std::size_t>(found->family))
        .push_back({.key = key, .name = found->name, .value = value});
  }
  if (!too_long.empty()) {
    draft.problem(
        too_long.front(),
        fmt::format("a key may have {} bytes; labels with longer ones, {} in all, are not "
                    "read",
                    readers::longest_label_key, too_long.size()));
  }
  for (std::size_t i = 0; i < reads.size(); ++i) {
    if (!by_family.at(i).empty()) reads.at(i)(by_family.at(i), draft);
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
