// The part of a session that finds the ports of units.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "backends/systemd/listen.hpp"
#include "backends/systemd/session.hpp"
#include "core/deduplicate.hpp"

namespace rollcall::systemd {

namespace asio = boost::asio;

Touched SystemdSession::may_have_begun(std::string unit) const {
  // A unit without ports may be unknown to the watch, so mark it as begun.
  return {.id = std::move(unit), .at = setup_->env->now(), .mark = RunMark::began};
}

void SystemdSession::look_soon() {
  quick_looks_ = 0;
  next_look_ = std::min(next_look_, setup_->env->monotonic() + quick_looks.front());
  wake();
}

std::vector<Touched> SystemdSession::look_for_ports() {
  const bool quick = quick_looks_ < quick_looks.size();
  const Duration delay = quick ? quick_looks.at(quick_looks_++) : setup_->look_period;
  next_look_ = setup_->env->monotonic() + delay;
  const auto changed = ports_.look();
  if (!changed) {
    if (!std::exchange(looks_fail_, true) && setup_->log) {
      setup_->log(LogLevel::warning, changed.error().describe());
    }
    return {};
  }
  std::vector<Touched> touched;
  for (const auto& [unit, ports] : private_ports_) {
    const std::string group = units_.of(unit).control_group.value_or("");
    if (ports_.of_private_network(group) != ports) touched.push_back(may_have_begun(unit));
  }
  for (const std::string& group : *changed) {
    for (std::string& unit : units_.of_group(group))
      touched.push_back(may_have_begun(std::move(unit)));
  }
  return touched;
}

std::vector<PortMapping> SystemdSession::ports_of_unit(const UnitRow& row,
                                                       const UnitProperties& unit) {
  private_ports_.erase(row.name);
  std::vector<PortMapping> ports = sockets_.held_for(row.name);
  if (type_of(row.name) == "socket" && row.active_state == "active" && unit.listen) {
    ports = ports_of(*unit.listen);
  }
  if (runs(row.active_state)) {
    const std::string group = unit.control_group.value_or("");
    const bool own = unit.private_network.value_or(false);
    auto open = own ? ports_.of_private_network(group) : ports_.of_group(group);
    if (own) private_ports_.insert_or_assign(row.name, open);
    ports.insert(ports.end(), open.begin(), open.end());
  }
  sort_and_deduplicate(ports);
  return ports;
}

std::vector<Touched> SystemdSession::learn_sockets(const Rows& rows) {
  std::vector<Touched> touched;
  for (const UnitRow& row : rows) {
    if (type_of(row.name) != "socket") continue;
    const UnitProperties& unit = units_.of(row.name);
    const bool listens = row.active_state == "active" && unit.listen && unit.triggers;
    const auto changed = listens ? sockets_.put(row.name, *unit.triggers, ports_of(*unit.listen))
                                 : sockets_.erase(row.name);
    for (const std::string& service : changed) {
      if (units_.wanted(service)) touched.push_back(may_have_begun(service));
    }
  }
  return touched;
}

asio::awaitable<void> SystemdSession::find_root_of_groups() {
  if (std::exchange(root_is_known_, true)) co_return;
  const std::string told = co_await manager_->control_group();
  ports_.set_manager(told, manager_->bus().listener());
}

}  // namespace rollcall::systemd
