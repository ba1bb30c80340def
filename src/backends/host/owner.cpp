#include "backends/host/owner.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include <fmt/format.h>

#include "hostview/cgroup.hpp"

namespace rollcall::host {
namespace {

using Kind = RuntimeBackendKind;

constexpr std::size_t short_id = 12;

std::vector<std::string_view> components(std::string_view path) {
  std::vector<std::string_view> all;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0) all.push_back(unescaped_group(path.substr(0, slash)));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return all;
}

bool is_id(std::string_view text) {
  return text.size() >= short_id && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Owner container(Kind runtime, std::string_view name) {
  if (is_id(name)) name = name.substr(0, short_id);
  return {.runtime = runtime,
          .group = name.empty() ? std::string(to_string(runtime))
                                : fmt::format("{}/{}", to_string(runtime), name)};
}

/// A prefix in the name of a runtime's control groups; the rest of the name is the id or name of
/// the container.
struct Prefix {
  std::string_view text;
  Kind runtime;
};
constexpr std::array prefixes = {
    Prefix{"docker-", Kind::docker},
    Prefix{"libpod-conmon-", Kind::podman},
    Prefix{"libpod-payload-", Kind::podman},
    Prefix{"libpod-", Kind::podman},
    Prefix{"cri-containerd-", Kind::kubernetes},
    Prefix{"crio-conmon-", Kind::kubernetes},
    Prefix{"crio-", Kind::kubernetes},
    Prefix{"lxc.payload.", Kind::incus},
    Prefix{"lxc.monitor.", Kind::incus},
};

/// A control group of the runtime, whose children are its containers.
struct Folder {
  std::string_view name;
  Kind runtime;
  bool by_id;  ///< The children are named by ids, and others are ignored.
};
constexpr std::array folders = {
    Folder{"docker", Kind::docker, true},
    Folder{"libpod_parent", Kind::podman, false},
    Folder{"lxc", Kind::incus, false},
    Folder{"lxc.payload", Kind::incus, false},
};

std::string_view without_suffix(std::string_view text, std::string_view suffix) {
  return text.ends_with(suffix) ? text.substr(0, text.size() - suffix.size()) : text;
}

std::optional<Owner> container_at(std::string_view component, std::string_view child) {
  // A pod; which one it is, only its cluster knows.
  if (component.starts_with("kubepods")) return container(Kind::kubernetes, {});
  for (const Folder& folder : folders) {
    if (component == folder.name && !child.empty() && (!folder.by_id || is_id(child))) {
      return container_at(child, {}).value_or(container(folder.runtime, child));
    }
  }
  for (const Prefix& prefix : prefixes) {
    if (!component.starts_with(prefix.text)) continue;
    const auto name = without_suffix(component.substr(prefix.text.size()), ".scope");
    // All but Incus name them by ids, so "docker-compose.service" is no container.
    if (prefix.runtime == Kind::incus || is_id(name)) return container(prefix.runtime, name);
  }
  return {};
}

std::optional<Owner> container_of(const std::vector<std::string_view>& path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto child = i + 1 < path.size() ? path[i + 1] : std::string_view();
    if (auto owner = container_at(path[i], child)) return owner;
  }
  return {};
}

/// The unit of the process. The manager of a user is itself a service of the system, and its units
/// are below it.
std::optional<Owner> unit_of(const std::vector<std::string_view>& path) {
  bool below_user_manager = false;
  for (const std::string_view component : path) {
    if (component.starts_with("user@") && component.ends_with(".service")) {
      below_user_manager = true;
    } else if (component.ends_with(".service")) {
      return Owner{.runtime = Kind::systemd,
                   .of_user_manager = below_user_manager,
                   .group = std::string(component)};
    } else if (component.ends_with(".scope")) {
      return Owner{.group = std::string(component)};
    }
  }
  return {};
}

struct Helper {
  std::string_view program;
  Kind runtime;
  std::string_view argument = {};  ///< An argument that it must have; empty: none.
};
constexpr std::array helpers = {
    Helper{"docker-proxy", Kind::docker},
    Helper{"rootlesskit", Kind::docker},
    Helper{"rootlesskit-docker-proxy", Kind::docker},
    Helper{"rootlessport", Kind::podman},
    Helper{"rootlessport-child", Kind::podman},
    Helper{"conmon", Kind::podman},
    Helper{"slirp4netns", Kind::podman},
    Helper{"pasta", Kind::podman},
    Helper{"pasta.avx2", Kind::podman},
    Helper{"aardvark-dns", Kind::podman},
    Helper{"incusd", Kind::incus, "forkproxy"},
    Helper{"lxd", Kind::incus, "forkproxy"},
    Helper{"incusd", Kind::incus, "forkdns"},
    Helper{"lxd", Kind::incus, "forkdns"},
    Helper{"klipper-lb", Kind::kubernetes},
    Helper{"kube-proxy", Kind::kubernetes},
};

}  // namespace

Owner owner_by_cgroup(std::span<const std::string> paths) {
  std::vector<std::vector<std::string_view>> all;
  for (const std::string& path : paths) all.push_back(components(path));
  for (const auto& path : all) {
    if (auto owner = container_of(path)) return std::move(*owner);
  }
  for (const auto& path : all) {
    if (auto owner = unit_of(path)) return std::move(*owner);
  }
  return {};
}

std::optional<Owner> owner_by_program(std::string_view program,
                                      std::span<const std::string> arguments) {
  for (const Helper& helper : helpers) {
    if (program != helper.program) continue;
    if (helper.argument.empty() ||
        std::ranges::find(arguments, helper.argument) != arguments.end()) {
      return container(helper.runtime, {});
    }
  }
  return {};
}

}  // namespace rollcall::host
