#include "backends/systemd/settings.hpp"

#include <cstddef>
#include <utility>

#include "transport/small_files.hpp"

namespace rollcall::systemd {
namespace {

constexpr std::size_t file_limit = std::size_t{1} << 20U;

SettingsRead read_files(std::string_view unit, const std::string& fragment,
                        const std::vector<std::string>& drop_ins) {
  std::vector<std::string> paths;
  if (!fragment.empty()) paths.push_back(fragment);
  paths.insert(paths.end(), drop_ins.begin(), drop_ins.end());
  SettingsRead read;
  std::vector<std::string> texts;
  for (std::string& path : paths) {
    if (auto text = read_small_file(path, file_limit)) {
      texts.push_back(std::move(*text));
    } else {
      read.problems.push_back(
          {.where = std::move(path),
           .what = "cannot be read, so what it sets for Rollcall is not known"});
    }
  }
  read.settings = read_settings(unit, texts);
  return read;
}

}  // namespace

const SettingsRead& SettingsBook::of(std::string_view unit, const std::string& fragment,
                                     const std::vector<std::string>& drop_ins) {
  const auto known = read_.find(unit);
  if (known != read_.end()) return known->second;
  return read_.emplace(unit, read_files(unit, fragment, drop_ins)).first->second;
}

void SettingsBook::keep_only(const std::set<std::string_view>& loaded) {
  std::erase_if(read_, [&](const auto& entry) { return !loaded.contains(entry.first); });
}

}  // namespace rollcall::systemd
