// Ports of containers that use the host's network: the engine does not know them, the kernel does.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backends/docker_api/join.hpp"
#include "core/env.hpp"
#include "transport/listeners.hpp"

namespace rollcall::docker_api {

/// Finds the processes of containers by their control groups, and what these listen on. Only for an
/// engine on this host. Blocks as Listeners does, and only if there is such a container.
class HostPorts {
 public:
  /// `view`: of this host, if null; that is looked for when it is needed first.
  explicit HostPorts(HostViewPtr view = nullptr) : view_(std::move(view)) {}

  /// Gives those of them that run and use the host's network their ports. One whose process began
  /// less than two minutes before `now` is not settled: its server may listen late. What cannot be
  /// seen is a problem of the instance.
  void fill(Containers& containers, Timestamp now);

  /// Forgets all that are not among these, which are all that there are.
  void keep_only(const Containers& all) {
    std::erase_if(groups_, [&](const auto& known) { return !all.contains(known.first); });
  }

 private:
  using Groups = std::vector<std::string>;

  void open();
  void fill(DecodedContainer& container, Timestamp now);
  [[nodiscard]] std::optional<Process> first_process(const std::string& id);
  [[nodiscard]] Result<ListenersPtr> look(const Process& member);

  HostViewPtr view_;
  std::optional<Listeners> own_;  // of our own network namespace
  std::uint64_t own_namespace_ = 0;
  PortRange ephemeral_;
  std::map<std::string, Groups> groups_;  // by container, of those that use the host's network
  std::map<std::uint64_t, ListenersPtr> seen_;  // in this fill, by network namespace
};

}  // namespace rollcall::docker_api
