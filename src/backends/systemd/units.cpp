#include "backends/systemd/units.hpp"

#include <algorithm>
#include <utility>

#include "backends/systemd/messages.hpp"
#include "core/budgets.hpp"

namespace rollcall::systemd {
namespace {

constexpr std::string_view manager_interface = "org.freedesktop.systemd1.Manager";
constexpr std::string_view properties_interface = "org.freedesktop.DBus.Properties";

/// Whether the signalled state will last. During a job a unit passes through others, such as
/// stopped during a restart; the end of the job is signalled, too.
bool is_final(const UnitProperties& unit) {
  if (!unit.has_job.value_or(false)) return true;
  const std::string_view state = unit.active_state ? *unit.active_state : std::string_view();
  if (state == "reloading" || state == "refreshing") return true;
  return state == "activating" && !unit.sub_state.value_or("").starts_with("auto-restart");
}

/// Whether a signal changed a known value. A value that was not known was never asked for, because
/// nothing told so far depends on it.
bool tells_news(const UnitProperties& before, const UnitProperties& after) {
  const auto same = [&](auto... members) {
    return ((!(before.*members) || before.*members == after.*members) && ...);
  };
  using U = UnitProperties;
  return !before.active_state ||
         !same(&U::active_state, &U::sub_state, &U::has_job, &U::invocation, &U::active_since,
               &U::fragment_path, &U::drop_in_paths, &U::freezer_state, &U::triggers,
               &U::control_group, &U::result, &U::main_pid, &U::restarts, &U::private_network,
               &U::listen);
}

bool has_no_name(std::string_view unit) {
  return unit.empty() || unit.size() > budget::unit_name_bytes;
}

Touched touch(std::string_view unit, Timestamp now, bool may_begin) {
  return {
      .id = std::string(unit), .at = now, .mark = may_begin ? RunMark::began : RunMark::changed};
}

}  // namespace

std::size_t bytes_of(const UnitProperties& unit) noexcept {
  const auto text = [](const std::optional<std::string>& it) { return it ? it->size() : 0; };
  std::size_t sum = 0;
  for (const auto* it : {&unit.active_state, &unit.sub_state, &unit.invocation, &unit.fragment_path,
                         &unit.freezer_state, &unit.control_group, &unit.result, &unit.user}) {
    sum += text(*it);
  }
  for (const auto* it : {&unit.drop_in_paths, &unit.triggers, &unit.command}) {
    if (!*it) continue;
    for (const std::string& one : **it) sum += sizeof(std::string) + one.size();
  }
  for (const auto& [name, why] : unit.unreadable) sum += name.size() + why.size();
  if (!unit.listen) return sum;
  for (const ListenEntry& it : *unit.listen) sum += sizeof it + it.type.size() + it.address.size();
  return sum;
}

bool runs(std::string_view active_state) noexcept {
  return active_state == "active" || active_state == "activating" || active_state == "reloading" ||
         active_state == "refreshing";
}

bool Units::wanted(std::string_view unit) const {
  return types_.contains(type_of(unit));
}

UnitProperties& Units::of(std::string_view unit) {
  const auto known = known_.find(unit);
  if (known != known_.end()) return known->second.properties;
  return known_.try_emplace(std::string(unit)).first->second.properties;
}

void Units::learn(const UnitRow& row) {
  if (!wanted(row.name)) return;
  UnitProperties& unit = of(row.name);
  if (unit.active_state) return;
  unit.active_state = row.active_state;
  unit.sub_state = row.sub_state;
  unit.has_job = !row.job_type.empty();
}

std::vector<Change> Units::take(const DbusMessage& signal, Timestamp now) {
  if (signal.is_signal(properties_interface, "PropertiesChanged")) {
    return take_changed(signal, now);
  }
  if (signal.is_signal(manager_interface, "UnitRemoved")) return take_removed(signal, now);
  if (signal.is_signal(manager_interface, "Reloading")) return take_reloading(signal);
  return {};
}

std::vector<Change> Units::take_changed(const DbusMessage& signal, Timestamp now) {
  const std::string unit = unit_of_path(signal.path());
  const bool is_socket = type_of(unit) == "socket";
  if (has_no_name(unit) || (!wanted(unit) && !is_socket)) return {};
  const bool too_large = told_bytes_ > budget::signalled_bytes;
  if (too_large || known_.size() > budget::engine_instances) {
    forget();
    return {ResyncNeeded{"systemd signals more units than there can be"}};
  }
  const auto at = known_.try_emplace(unit).first;
  Known& known = at->second;
  const UnitProperties before = known.properties;
  if (!take_changes(signal, known.properties)) {
    return {ResyncNeeded{"a signal of systemd is not of the form that it promises"}};
  }
  const std::size_t size_before = bytes_of(before);
  told_bytes_ += std::max(bytes_of(known.properties), size_before) - size_before;
  known.changed = known.changed || tells_news(before, known.properties);
  if (!known.changed || !is_final(known.properties)) return {};
  known.changed = false;
  // The ports of a socket belong to the service that it triggers.
  const bool may_begin = is_socket || runs(known.properties.active_state.value_or("active"));
  return {touch(unit, now, may_begin)};
}

std::vector<Change> Units::take_removed(const DbusMessage& signal, Timestamp now) {
  DbusReader reader(signal);
  const std::string unit(reader.text());
  // A reload removes and restores all units; and a removed unit is only unloaded, not deleted.
  if (reloading_ || has_no_name(unit) || !wanted(unit)) return {};
  known_.erase(unit);
  return {touch(unit, now, false)};
}

std::vector<Change> Units::take_reloading(const DbusMessage& signal) {
  DbusReader reader(signal);
  reloading_ = reader.boolean();
  if (reloading_) return {};
  forget();
  return {ResyncNeeded{"systemd has loaded its units again"}};
}

std::vector<std::string> Units::of_group(std::string_view group) const {
  std::vector<std::string> units;
  while (!group.empty()) {
    const std::size_t slash = group.rfind('/');
    const std::string_view folder = group.substr(slash + 1);
    if (wanted(folder)) units.emplace_back(folder);
    group = slash == std::string_view::npos ? std::string_view() : group.substr(0, slash);
  }
  return units;
}

}  // namespace rollcall::systemd
