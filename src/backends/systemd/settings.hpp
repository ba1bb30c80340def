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

  /// Whether the files are others than when this was asked last, or than when they were read. False
  /// of a unit whose files were not read. A drop-in that is new is not seen.
  [[nodiscard]] bool edited(std::string_view unit, const std::string& fragment,
                            const std::vector<std::string>& drop_ins);

  /// After a reload: all files are read anew.
  void forget() noexcept { kept_.clear(); }

  /// Only these units are loaded.
  void keep_only(const std::set<std::string_view>& loaded);

 private:
  struct Kept {
    SettingsRead read;
    std::size_t stamp = 0;  // of the files: their times, sizes and numbers
  };
  std::map<std::string, Kept, std::less<>> kept_;
};

}  // namespace rollcall::systemd
