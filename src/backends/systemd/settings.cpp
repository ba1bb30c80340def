#include "backends/systemd/settings.hpp"

#include <cstddef>
#include <utility>

#include <boost/container_hash/hash.hpp>
#include <fmt/format.h>
#include <sys/stat.h>

#include "core/budgets.hpp"
#include "hostview/small_files.hpp"

namespace rollcall::systemd {
namespace {

constexpr std::size_t file_limit = budget::file_bytes;

std::vector<std::string> all_files(const std::string& fragment,
                                   const std::vector<std::string>& drop_ins) {
  std::vector<std::string> paths;
  if (!fragment.empty()) paths.push_back(fragment);
  paths.insert(paths.end(), drop_ins.begin(), drop_ins.end());
  return paths;
}

/// Changes when a file is written, replaced, removed or restored.
std::size_t stamp_of(const std::vector<std::string>& paths) {
  std::size_t stamp = 0;
  for (const std::string& path : paths) {
    struct stat file{};
    boost::hash_combine(stamp, ::stat(path.c_str(), &file) == 0);
    boost::hash_combine(stamp, file.st_mtim.tv_sec);
    boost::hash_combine(stamp, file.st_mtim.tv_nsec);
    boost::hash_combine(stamp, file.st_size);
    boost::hash_combine(stamp, file.st_ino);
  }
  return stamp;
}

SettingsRead read_files(std::string_view unit, const std::vector<std::string>& paths) {
  SettingsRead read;
  std::vector<std::string> texts;
  for (const std::string& path : paths) {
    auto text = read_small_file(path, file_limit + 1);
    if (!text) {
      read.problems.push_back(
          {.where = path, .what = "cannot be read, so what it sets for Rollcall is not known"});
    } else if (text->size() > file_limit) {
      read.problems.push_back(
          {.where = path,
           .what = "is larger than 1 MiB, so what it sets for Rollcall is not read"});
    } else {
      texts.push_back(std::move(*text));
    }
  }
  read.settings = read_settings(unit, texts);
  return read;
}

}  // namespace

const SettingsRead& SettingsBook::of(std::string_view unit, const std::string& fragment,
                                     const std::vector<std::string>& drop_ins) {
  std::vector<std::string> paths = all_files(fragment, drop_ins);
  const auto known = kept_.find(unit);
  if (known != kept_.end() && known->second.paths == paths) return known->second.read;
  const std::size_t stamp = stamp_of(paths);
  SettingsRead read = read_files(unit, paths);
  Kept kept{.paths = std::move(paths), .read = std::move(read), .stamp = stamp};
  return kept_.insert_or_assign(std::string(unit), std::move(kept)).first->second.read;
}

bool SettingsBook::edited(std::string_view unit, const std::string& fragment,
                          const std::vector<std::string>& drop_ins) {
  const auto known = kept_.find(unit);
  if (known == kept_.end()) return false;
  const std::size_t stamp = stamp_of(all_files(fragment, drop_ins));
  return std::exchange(known->second.stamp, stamp) != stamp;
}

void SettingsBook::keep_only(const std::set<std::string_view>& loaded) {
  std::erase_if(kept_, [&](const auto& entry) { return !loaded.contains(entry.first); });
}

}  // namespace rollcall::systemd
