#include "backends/systemd/settings.hpp"

#include <cstddef>
#include <utility>

#include <boost/container_hash/hash.hpp>
#include <sys/stat.h>

#include "transport/small_files.hpp"

namespace rollcall::systemd {
namespace {

constexpr std::size_t file_limit = std::size_t{1} << 20U;

std::vector<std::string> all_files(const std::string& fragment,
                                   const std::vector<std::string>& drop_ins) {
  std::vector<std::string> paths;
  if (!fragment.empty()) paths.push_back(fragment);
  paths.insert(paths.end(), drop_ins.begin(), drop_ins.end());
  return paths;
}

/// Differs when a file was written, replaced, removed or came back.
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

SettingsRead read_files(std::string_view unit, std::vector<std::string> paths) {
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
  const auto known = kept_.find(unit);
  if (known != kept_.end()) return known->second.read;
  std::vector<std::string> paths = all_files(fragment, drop_ins);
  const std::size_t stamp = stamp_of(paths);
  return kept_.emplace(unit, Kept{read_files(unit, std::move(paths)), stamp}).first->second.read;
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
