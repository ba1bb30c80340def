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

/// What the files of one unit say, and which of them could not be read.
struct SettingsRead {
  Settings settings;
  std::vector<Problem> problems;
};

/// Keeps what the files said when they were first read, as systemd does: a file that is edited
/// counts from the next reload on. Memory: by units that were read.
class SettingsBook {
 public:
  /// `fragment` may be empty. Lifetime of the answer: until it is forgotten. Reads at most 1 MiB of
  /// a file.
  const SettingsRead& of(std::string_view unit, const std::string& fragment,
                         const std::vector<std::string>& drop_ins);

  /// After a reload: all files are read anew.
  void forget() noexcept { read_.clear(); }

  /// Only these units are loaded.
  void keep_only(const std::set<std::string_view>& loaded);

 private:
  std::map<std::string, SettingsRead, std::less<>> read_;
};

}  // namespace rollcall::systemd
