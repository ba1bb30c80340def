#include "backends/systemd/messages.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "core/budgets.hpp"

namespace rollcall::systemd {
namespace {

constexpr std::string_view unit_interface = "org.freedesktop.systemd1.Unit";
constexpr std::string_view service_interface = "org.freedesktop.systemd1.Service";
constexpr std::string_view socket_interface = "org.freedesktop.systemd1.Socket";
constexpr std::string_view scope_interface = "org.freedesktop.systemd1.Scope";
constexpr std::string_view timer_interface = "org.freedesktop.systemd1.Timer";

std::unexpected<RuntimeError> misread(std::string_view what) {
  return fail({.kind = ErrorKind::protocol,
               .what = fmt::format("{} is not of the form that systemd promises", what)});
}

std::string hexadecimal(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return out;
}

std::vector<ListenEntry> read_listen(DbusReader& reader) {
  std::vector<ListenEntry> all;
  if (!reader.enter('a', "(ss)")) return all;
  std::size_t left = budget::dbus_value_bytes;
  while (reader.enter('r', "ss")) {
    const std::string_view type = reader.text();
    const std::string_view address = reader.text();
    const std::size_t cost = sizeof(ListenEntry) + type.size() + address.size();
    if (cost <= left) all.push_back({.type = std::string(type), .address = std::string(address)});
    left = cost <= left ? left - cost : 0;
    reader.leave();
  }
  reader.leave();
  return all;
}

/// The arguments of the first command.
std::vector<std::string> read_command(DbusReader& reader) {
  std::vector<std::string> arguments;
  if (!reader.enter('a', "(sasbttttuii)")) return arguments;
  for (bool first = true; reader.enter('r', "sasbttttuii"); first = false) {
    reader.skip("s");
    std::vector<std::string> words = reader.texts();
    if (first) arguments = std::move(words);
    reader.skip("bttttuii");
    reader.leave();
  }
  reader.leave();
  return arguments;
}

bool read_job(DbusReader& reader) {
  if (!reader.enter('r', "uo")) return false;
  const bool has_job = reader.number() != 0;
  reader.skip("o");
  reader.leave();
  return has_job;
}

/// How to read a property.
struct Property {
  std::string_view name;
  std::string_view type;
  void (*read)(DbusReader& reader, UnitProperties& into);
};

constexpr auto properties = std::to_array<Property>({
    {"ActiveState", "s", [](DbusReader& r, UnitProperties& p) { p.active_state = r.text(); }},
    {"SubState", "s", [](DbusReader& r, UnitProperties& p) { p.sub_state = r.text(); }},
    {"Job", "(uo)", [](DbusReader& r, UnitProperties& p) { p.has_job = read_job(r); }},
    {"InvocationID", "ay",
     [](DbusReader& r, UnitProperties& p) { p.invocation = hexadecimal(r.bytes()); }},
    {"ActiveEnterTimestamp", "t",
     [](DbusReader& r, UnitProperties& p) { p.active_since = r.big_number(); }},
    {"FragmentPath", "s", [](DbusReader& r, UnitProperties& p) { p.fragment_path = r.text(); }},
    {"DropInPaths", "as", [](DbusReader& r, UnitProperties& p) { p.drop_in_paths = r.texts(); }},
    {"NeedDaemonReload", "b",
     [](DbusReader& r, UnitProperties& p) { p.needs_reload = r.boolean(); }},
    {"FreezerState", "s", [](DbusReader& r, UnitProperties& p) { p.freezer_state = r.text(); }},
    {"Triggers", "as", [](DbusReader& r, UnitProperties& p) { p.triggers = r.texts(); }},
    {"ControlGroup", "s", [](DbusReader& r, UnitProperties& p) { p.control_group = r.text(); }},
    {"Result", "s", [](DbusReader& r, UnitProperties& p) { p.result = r.text(); }},
    {"MainPID", "u", [](DbusReader& r, UnitProperties& p) { p.main_pid = r.number(); }},
    {"NRestarts", "u", [](DbusReader& r, UnitProperties& p) { p.restarts = r.number(); }},
    {"PrivateNetwork", "b",
     [](DbusReader& r, UnitProperties& p) { p.private_network = r.boolean(); }},
    {"User", "s", [](DbusReader& r, UnitProperties& p) { p.user = r.text(); }},
    {"ExecStart", "a(sasbttttuii)",
     [](DbusReader& r, UnitProperties& p) { p.command = read_command(r); }},
    {"Listen", "a(ss)", [](DbusReader& r, UnitProperties& p) { p.listen = read_listen(r); }},
});

/// Reads a variant; returns false if it has not the type of the property.
bool take_variant(const Property& property, DbusReader& reader, UnitProperties& into) {
  if (reader.enter_variant() != property.type) return false;
  property.read(reader, into);
  reader.leave();
  if (!reader.ok()) return false;
  const auto unreadable = into.unreadable.find(property.name);
  if (unreadable != into.unreadable.end()) into.unreadable.erase(unreadable);
  return true;
}

std::string_view interface_of(std::string_view type) {
  if (type == "service") return service_interface;
  if (type == "socket") return socket_interface;
  if (type == "scope") return scope_interface;
  return timer_interface;
}

}  // namespace

Result<std::vector<UnitRow>> read_rows(const DbusMessage& message) {
  std::vector<UnitRow> rows;
  DbusReader reader(message);
  if (!reader.enter('a', "(ssssssouso)") && !reader.ok()) return misread("the list of units");
  while (rows.size() <= budget::engine_instances && reader.enter('r', "ssssssouso")) {
    UnitRow& row = rows.emplace_back();
    row.name = reader.text();
    row.description = reader.text();
    row.load_state = reader.text();
    row.active_state = reader.text();
    row.sub_state = reader.text();
    reader.skip("s");
    row.path = reader.text();
    reader.skip("u");
    row.job_type = reader.text();
    reader.skip("o");
    reader.leave();
  }
  if (!reader.ok()) return misread("the list of units");
  if (rows.size() > budget::engine_instances) return misread("a list of so many units");
  const auto nameless = [](const UnitRow& row) { return row.name.empty(); };
  if (std::ranges::any_of(rows, nameless)) return misread("a unit without a name");
  const auto endless = [](const UnitRow& row) { return row.name.size() > budget::unit_name_bytes; };
  if (std::ranges::any_of(rows, endless)) return misread("the name of a unit");
  return rows;
}

Result<std::vector<UnitFile>> read_unit_files(const DbusMessage& message) {
  std::vector<UnitFile> files;
  DbusReader reader(message);
  if (!reader.enter('a', "(ss)") && !reader.ok()) return misread("the list of unit files");
  while (files.size() < budget::engine_instances && reader.enter('r', "ss")) {
    UnitFile& file = files.emplace_back();
    file.path = reader.text();
    file.state = reader.text();
    reader.leave();
  }
  if (!reader.ok()) return misread("the list of unit files");
  return files;
}

std::vector<PropertyName> unknown_properties(const UnitRow& row, const UnitProperties& known,
                                             Wanted wanted, bool signals_freezing) {
  std::vector<PropertyName> names;
  const std::string_view type = type_of(row.name);
  const std::string_view own = interface_of(type);
  const auto want = [&names](std::string_view interface, std::string_view name, bool is_known) {
    if (!is_known) names.push_back({interface, name});
  };
  const bool has_processes = row.sub_state != "exited";
  if (wanted == Wanted::nothing) return names;
  if (wanted == Wanted::place) {
    // A unit that was never started has no group.
    const bool grouped = known.control_group.has_value() && !known.control_group->empty();
    if (type != "timer") want(own, "ControlGroup", grouped);
    const bool may_be_private = type == "service" && has_processes;
    if (may_be_private) want(own, "PrivateNetwork", known.private_network.has_value());
    return names;
  }
  if (type == "socket") {
    want(own, "Listen", known.listen.has_value());
    want(unit_interface, "Triggers", known.triggers.has_value());
  }
  if (wanted == Wanted::ports) return names;
  want(unit_interface, "FragmentPath", known.fragment_path.has_value());
  want(unit_interface, "DropInPaths", known.drop_in_paths.has_value());
  want(unit_interface, "NeedDaemonReload", known.needs_reload.has_value());
  const bool may_fail = wanted == Wanted::definition || row.sub_state.starts_with("auto-restart");
  if (may_fail) want(own, "Result", known.result.has_value());
  if (wanted == Wanted::definition) return names;
  want(unit_interface, "InvocationID", known.invocation.has_value());
  want(unit_interface, "ActiveEnterTimestamp", known.active_since.has_value());
  if (type == "timer" || !has_processes) return names;
  if (signals_freezing) want(unit_interface, "FreezerState", known.freezer_state.has_value());
  if (type != "service") return names;
  want(own, "MainPID", known.main_pid.has_value());
  want(own, "NRestarts", known.restarts.has_value());
  want(own, "User", known.user.has_value());
  want(own, "ExecStart", known.command.has_value());
  return names;
}

bool take_property(std::string_view name, const DbusMessage& message, UnitProperties& into) {
  const auto* const property = std::ranges::find(properties, name, &Property::name);
  if (property == properties.end()) return false;
  DbusReader reader(message);
  return take_variant(*property, reader, into);
}

bool take_changes(const DbusMessage& signal, UnitProperties& into) {
  DbusReader reader(signal);
  const bool of_unit = reader.text().starts_with("org.freedesktop.systemd1.");
  if (!of_unit || !reader.enter('a', "{sv}")) return false;
  while (reader.enter('e', "sv")) {
    const std::string_view name = reader.text();
    const auto* const property = std::ranges::find(properties, name, &Property::name);
    if (property == properties.end()) {
      reader.skip("v");
    } else if (!take_variant(*property, reader, into)) {
      return false;
    }
    reader.leave();
  }
  return reader.ok();
}

bool signals_freezing(std::string_view version) {
  constexpr int first = 257;
  int number = 0;
  std::from_chars(version.data(), version.data() + version.size(), number);
  return number >= first;
}

std::string unit_of_path(std::string_view path) {
  constexpr std::string_view folder = "/org/freedesktop/systemd1/unit/";
  if (!path.starts_with(folder)) return {};
  std::string name;
  for (std::size_t i = folder.size(); i < path.size(); ++i) {
    unsigned byte = 0;
    const auto* const digits = path.data() + i + 1;
    const bool escaped = path[i] == '_' && path.size() - i >= 3 &&
                         std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2;
    name += escaped ? static_cast<char>(byte) : path[i];
    if (escaped) i += 2;
  }
  return name;
}

std::string pattern_of(std::string_view unit) {
  // Unit names may hold backslashes ("run-a\x2db.mount"), which are special in patterns.
  std::string pattern;
  for (const char c : unit) {
    if (std::string_view("\\*?[").contains(c)) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

}  // namespace rollcall::systemd
