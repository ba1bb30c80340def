// Reads unit files from disk.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>

#include "backends/systemd/unit_file.hpp"

namespace rollcall::systemd {

/// The settings in the files of one unit, and the files that could not be read.
struct SettingsRead {
  Settings settings;
  std::vector<Problem> problems;
};

/// Keeps the settings as they were when first read, as systemd does: an edit takes effect with the
/// next reload. Memory: by units that were read.
class SettingsBook {
 public:
  /// The settings of a unit. Reads the files again only if their paths differ from before: systemd
  /// does not tell the files of a unit that was loaded but never asked about. `fragment` may be
  /// empty. The answer is valid until the next call for this unit, or until it is forgotten. Reads
  /// at most 1 MiB of a file.
  const SettingsRead& of(std::string_view unit, const std::string& fragment,
                         const std::vector<std::string>& drop_ins);

  /// Whether the files have changed since the last call, or since they were read. False if the
  /// unit's files were not read. New drop-ins are not noticed.
  [[nodiscard]] bool edited(std::string_view unit, const std::string& fragment,
                            const std::vector<std::string>& drop_ins);

  /// Call after a reload: all files are read anew.
  void forget() noexcept { kept_.clear(); }

  /// Forgets all units but these, which are loaded.
  void keep_only(const std::set<std::string_view>& loaded);

 private:
  struct Kept {
    std::vector<std::string> paths;
    SettingsRead read;
    std::size_t stamp = 0;  // Of the files: their times, sizes and inodes.
  };
  std::map<std::string, Kept, std::less<>> kept_;
};

}  // namespace rollcall::systemd
