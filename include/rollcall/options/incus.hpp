// The options of Incus and LXD.
#pragma once

#include <string>
#include <vector>

namespace rollcall {

struct IncusOptions {
  /// Only these projects; empty: all that may be read.
  std::vector<std::string> projects{};

  friend bool operator==(const IncusOptions&, const IncusOptions&) = default;
};

}  // namespace rollcall
