#include "backends/systemd/decode.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "core/masking.hpp"
#include "core/text/text.hpp"
#include "hostview/cgroup.hpp"

namespace rollcall::systemd {
namespace {

constexpr std::string_view service_suffix = ".service";

bool restarts_by_itself(const UnitRow& row) {
  return row.sub_state.starts_with("auto-restart");
}

InstanceState state_of(const UnitRow& row, const UnitProperties& unit) {
  const std::string& state = row.active_state;
  if (state == "active" || state == "activating") {
    if (restarts_by_itself(row)) return InstanceState::restarting;
    const bool frozen = unit.freezer_state.value_or("running").starts_with("frozen");
    return frozen ? InstanceState::paused : InstanceState::running;
  }
  if (state == "reloading" || state == "refreshing") return InstanceState::reloading;
  // A unit that is being stopped still has processes, but no longer serves.
  if (state == "deactivating" || state == "inactive" || state == "failed") {
    return InstanceState::stopped;
  }
  return InstanceState::unknown;
}

/// Why the unit is in its state; empty if "active and running" says all.
std::string reason_of(const UnitRow& row, const UnitProperties& unit) {
  const std::string result = unit.result.value_or("success");
  if (row.active_state == "failed") return "failed: " + result;
  if (restarts_by_itself(row)) {
    return result == "success" ? "restarts after its end" : "restarts after " + result;
  }
  if (row.active_state == "active") return row.sub_state == "exited" ? "exited" : "";
  if (row.active_state == "inactive") {
    return row.load_state == "loaded" ? "" : row.load_state;
  }
  return fmt::format("{} ({})", row.active_state, row.sub_state);
}

/// The slice in the path of a control group: "/app.slice/app-web.slice/web@1.service".
std::string slice_of(std::string_view group) {
  constexpr std::string_view suffix = ".slice";
  while (!group.empty()) {
    const std::size_t slash = group.rfind('/');
    const std::string_view folder = group.substr(slash + 1);
    if (folder.ends_with(suffix)) return std::string(unescaped_group(folder));
    group = slash == std::string_view::npos ? std::string_view() : group.substr(0, slash);
  }
  return {};
}

/// "web" for "web@8080.service"; empty if it is no template instance.
std::string template_of(std::string_view unit) {
  const std::size_t at = unit.find('@');
  return at == std::string_view::npos ? std::string() : std::string(unit.substr(0, at));
}

/// Fills in details of a service's process.
void describe_process(const UnitView& view, Details& details) {
  const UnitProperties& unit = view.properties;
  if (unit.user) details.user = valid_utf8(unit.user->empty() ? view.manager_user : *unit.user);
  if (!unit.command || unit.command->empty()) return;
  const std::string& program = unit.command->front();
  details.command = masked(*unit.command, program.substr(program.rfind('/') + 1));
}

std::shared_ptr<const Details> details_of(const UnitView& view) {
  const UnitRow& row = view.row;
  const UnitProperties& unit = view.properties;
  Details details;
  details.description = valid_utf8(row.description);
  details.definition = valid_utf8(unit.fragment_path.value_or(""));
  details.pid = unit.main_pid.value_or(0);
  details.restarts = unit.restarts.value_or(0);
  describe_process(view, details);
  return std::make_shared<const Details>(std::move(details));
}

void read_settings_into(const SettingsRead& settings, const Masker& masker, Instance& instance) {
  const std::vector<Labels::Entry> labels(settings.settings.begin(), settings.settings.end());
  masker.read_labels(labels, instance);
  instance.problems.insert(instance.problems.end(), settings.problems.begin(),
                           settings.problems.end());
}

void add_problems(const UnitRow& row, const UnitProperties& unit, std::vector<Problem>& problems) {
  if (row.load_state == "not-found" && row.active_state != "inactive") {
    problems.push_back(
        {.where = row.name, .what = "its unit file is gone: it runs until it is stopped"});
  }
  for (const auto& [property, why] : unit.unreadable) {
    problems.push_back({.where = property, .what = why});
  }
  if (unit.needs_reload.value_or(false)) {
    problems.push_back({.where = "NeedDaemonReload",
                        .what = "its files have changed since they were loaded: run "
                                "`systemctl daemon-reload`"});
  }
}

}  // namespace

std::string_view name_of_unit(std::string_view unit) {
  return unit.ends_with(service_suffix) ? unit.substr(0, unit.size() - service_suffix.size())
                                        : unit;
}

Instance decode_unit(UnitView unit, std::string endpoint, Timestamp now, const Masker& masker) {
  const UnitRow& row = unit.row;
  const UnitProperties& properties = unit.properties;
  const SettingsRead& settings = unit.settings;
  Instance instance;
  instance.key = {
      .backend = "systemd", .endpoint = std::move(endpoint), .id = valid_utf8(row.name)};
  instance.name = name_of_unit(instance.key.id);
  instance.kind = InstanceKind::service;
  instance.state = state_of(row, properties);
  instance.reason = reason_of(row, properties);
  const bool starting = row.active_state == "activating" && !restarts_by_itself(row);
  instance.health = starting ? Health::starting : Health::none;
  const bool own_network = properties.private_network.value_or(false);
  instance.network_mode = own_network ? NetworkMode::own : NetworkMode::host;
  instance.group = slice_of(properties.control_group.value_or(""));
  instance.service = template_of(row.name);
  instance.run = properties.invocation.value_or("");
  if (properties.active_since.value_or(0) != 0 && row.active_state == "active") {
    const std::chrono::microseconds since(*properties.active_since);
    instance.started_at = Timestamp(since);
  }
  instance.details = details_of(unit);
  read_settings_into(settings, masker, instance);
  add_problems(row, properties, instance.problems);
  instance.ports = std::move(unit.ports);
  masker.finish(instance);
  std::ranges::sort(instance.problems);
  instance.discovered_at = now;
  return instance;
}

bool listens_or_opted_in(const Instance& instance) {
  if (!instance.ports.empty() || instance.state == InstanceState::unknown) return true;
  if (!instance.metadata) return false;
  return !instance.metadata->enable || instance.metadata->enable->value;
}

}  // namespace rollcall::systemd
