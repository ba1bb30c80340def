// The options of Docker, some of which Podman reads, too.
#pragma once

namespace rollcall {

struct DockerOptions {
  /// For Docker and Podman: inspect each container once in its life, and read the few environment
  /// variables that tools treat as labels (docs/labels.md). The rest of its environment is never
  /// kept.
  bool read_env = false;

  friend bool operator==(const DockerOptions&, const DockerOptions&) = default;
};

}  // namespace rollcall
