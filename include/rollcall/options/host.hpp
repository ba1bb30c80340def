// The options of the host itself.
#pragma once

#include <chrono>

namespace rollcall {

struct HostOptions {
  /// How often the host is polled for new listeners, which the kernel does not announce. systemd's
  /// watch looks for the ports of its units at the same interval.
  std::chrono::milliseconds look_period{5000};

  friend bool operator==(const HostOptions&, const HostOptions&) = default;
};

}  // namespace rollcall
