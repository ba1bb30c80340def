// The options of Podman.
#pragma once

#include <chrono>

namespace rollcall {

struct PodmanOptions {
  /// List at this interval instead of keeping the event stream open, which would stop an idle
  /// service from exiting. Zero: keep the stream open.
  std::chrono::milliseconds poll{0};

  friend bool operator==(const PodmanOptions&, const PodmanOptions&) = default;
};

}  // namespace rollcall
