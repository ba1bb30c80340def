// Ports of containers on the host's network, from the kernel: the engine does not know them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backends/docker_api/join.hpp"
#include "core/async/env.hpp"
#include "hostview/listeners.hpp"

namespace rollcall::docker_api {

/// Finds the processes of containers by their control groups, and their listening sockets. Only for
/// an engine on this host. Blocks like Listeners, and only if there is such a container.
class HostPorts {
 public:
  /// `view`: null for this host; it is opened on first use.
  explicit HostPorts(HostViewPtr view = nullptr) : view_(std::move(view)) {}

  /// Sets the ports of those containers that run on the host's network. A container whose process
  /// is younger than two minutes is not settled, as its server may start to listen later. If
  /// something cannot be seen, the instance gets a problem.
  void fill(Containers& containers, Timestamp now);
  void fill(DecodedContainer& container, Timestamp now);

  /// Makes later calls look at the host again.
  void look_anew() { seen_.clear(); }

  /// Forgets all containers that are not in `all`.
  void keep_only(const Containers& all) {
    std::erase_if(groups_, [&](const auto& known) { return !all.contains(known.first); });
  }

 private:
  using Groups = std::vector<std::string>;

  void open();
  void look_at(DecodedContainer& container, Timestamp now);
  [[nodiscard]] std::optional<Process> first_process(const std::string& id);
  [[nodiscard]] Result<ListenersPtr> look(const Process& member);

  HostViewPtr view_;
  std::optional<Listeners> own_;  // For our own network namespace.
  std::uint64_t own_namespace_ = 0;
  PortRange ephemeral_;
  std::map<std::string, Groups> groups_;  // By container id; only those on the host's network.
  std::map<std::uint64_t, ListenersPtr> seen_;  // By network namespace.
};

}  // namespace rollcall::docker_api
