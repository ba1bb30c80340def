#include "backends/systemd/manager.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/text/text.hpp"

namespace rollcall::systemd {

using namespace std::chrono_literals;

namespace {

constexpr const char* systemd_name = "org.freedesktop.systemd1";
constexpr const char* systemd_path = "/org/freedesktop/systemd1";
constexpr const char* manager_interface = "org.freedesktop.systemd1.Manager";
constexpr const char* properties_interface = "org.freedesktop.DBus.Properties";
constexpr const char* bus_name = "org.freedesktop.DBus";

// During daemon-reexec the manager is away from the bus for up to 170 ms (252), or for 8 ms (262).
constexpr Duration longest_absence = 1s;
constexpr Duration look_for_return = 20ms;

DbusCall manager_call(std::string member) {
  return {.destination = systemd_name,
          .path = systemd_path,
          .interface = manager_interface,
          .member = std::move(member)};
}

DbusCall get(const std::string& path, std::string_view interface, std::string_view name) {
  return {.destination = systemd_name,
          .path = path,
          .interface = properties_interface,
          .member = "Get",
          .texts = {std::string(interface), std::string(name)}};
}

bool away(const DbusError& error) {
  return error.nobody_there() || error.no_answer();
}

/// Whether a unit was unloaded since it was listed.
bool is_unloaded(const DbusError& error) {
  return error.name == "org.freedesktop.systemd1.NoSuchUnit" ||
         error.name == "org.freedesktop.DBus.Error.UnknownObject" ||
         error.name == "org.freedesktop.DBus.Error.UnknownInterface" ||
         error.name == "org.freedesktop.DBus.Error.UnknownMethod";
}

/// One property to ask for.
struct Question {
  std::size_t asked;
  PropertyName property;
};

std::vector<Question> questions_about(const std::vector<Asked>& asked, Units& known,
                                      bool freezing) {
  std::vector<Question> questions;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const UnitRow& row = *asked[i].row;
    for (const PropertyName& name :
         unknown_properties(row, known.of(row.name), asked[i].wanted, freezing)) {
      questions.push_back({.asked = i, .property = name});
    }
  }
  return questions;
}

}  // namespace

Task<std::unique_ptr<Manager>> Manager::connect(Endpoint endpoint, EnvPtr env,
                                                Deadlines deadlines) {
  auto bus = co_await Dbus::connect(std::move(endpoint), deadlines.connect);
  if (!bus) co_return fail(std::move(bus.error()));
  std::unique_ptr<Manager> manager(new Manager(std::move(*bus), std::move(env), deadlines));
  auto greeted = co_await manager->greet();
  if (!greeted) co_return fail(std::move(greeted.error()));
  co_return manager;
}

Task<void> Manager::greet() {
  DbusCall call = get(systemd_path, manager_interface, "Version");
  auto reply = co_await bus_->call(std::move(call), deadlines_.probe_head);
  if (!reply) {
    RuntimeError error = reply.error().at(bus_->url(), "ask systemd for its version");
    if (reply.error().nobody_there()) {
      error.kind = ErrorKind::unavailable;
      error.fault = ConnectFault::not_this_api;
      error.what = "this bus has no systemd on it";
      error.remedy =
          "name the bus of a systemd manager: that of the system, or that of a user "
          "with --user";
    }
    co_return fail(std::move(error));
  }
  DbusReader reader(*reply);
  reader.enter_variant();
  version_ = reader.text();
  co_return Result<void>();
}

Task<DbusMessage> Manager::ask(DbusCall call, std::string what) {
  auto reply = co_await bus_->call(call, deadlines_.list_head);
  if (!reply && away(reply.error())) {
    auto back = co_await wait_for_return();
    if (!back) co_return fail(std::move(back.error()));
    reply = co_await bus_->call(std::move(call), deadlines_.list_head);
  }
  if (!reply) co_return fail(reply.error().at(bus_->url(), what));
  co_return std::move(*reply);
}

Task<void> Manager::call_bus(std::string member, std::string text) {
  DbusCall call{.destination = bus_name,
                .path = "/org/freedesktop/DBus",
                .interface = bus_name,
                .member = std::move(member),
                .texts = {std::move(text)}};
  auto reply = co_await bus_->call(std::move(call), deadlines_.probe_head);
  if (!reply) co_return fail(reply.error().at(bus_->url(), "ask the bus for the signals"));
  co_return Result<void>();
}

Task<void> Manager::match_signals() {
  const std::string signals =
      fmt::format("type='signal',sender='{}',path_namespace='{}'", systemd_name, systemd_path);
  auto matched = co_await call_bus("AddMatch", signals);
  if (!matched) co_return fail(std::move(matched.error()));
  const std::string owner =
      fmt::format("type='signal',sender='{0}',interface='{0}',member='NameOwnerChanged',arg0='{1}'",
                  bus_name, systemd_name);
  co_return co_await call_bus("AddMatch", owner);
}

Task<void> Manager::subscribe() {
  DbusCall call = manager_call("Subscribe");
  auto reply = co_await bus_->call(std::move(call), deadlines_.probe_head);
  const bool already = !reply && reply.error().name == "org.freedesktop.systemd1.AlreadySubscribed";
  if (!reply && !already) co_return fail(reply.error().at(bus_->url(), "subscribe to systemd"));
  co_return Result<void>();
}

Task<std::vector<UnitRow>> Manager::units(std::vector<std::string> patterns) {
  DbusCall call = manager_call("ListUnitsByPatterns");
  call.lists = {{}, std::move(patterns)};
  auto reply = co_await ask(std::move(call), "list the units");
  if (!reply) co_return fail(std::move(reply.error()));
  co_return read_rows(*reply);
}

Task<std::vector<UnitFile>> Manager::unit_files(std::vector<std::string> patterns) {
  DbusCall call = manager_call("ListUnitFilesByPatterns");
  call.lists = {{}, std::move(patterns)};
  auto reply = co_await ask(std::move(call), "list the unit files");
  if (!reply) co_return fail(std::move(reply.error()));
  co_return read_unit_files(*reply);
}

boost::asio::awaitable<std::string> Manager::control_group() {
  DbusCall call = get(systemd_path, manager_interface, "ControlGroup");
  const auto reply = co_await bus_->call(std::move(call), deadlines_.probe_head);
  if (!reply) co_return std::string();
  DbusReader reader(*reply);
  reader.enter_variant();
  co_return std::string(reader.text());
}

Task<void> Manager::properties(std::vector<Asked>& asked, Units& into, ListBudget& budget) {
  auto read = co_await properties_once(asked, into, budget);
  if (read || read.error().kind != ErrorKind::unavailable) co_return read;
  auto back = co_await wait_for_return();
  if (!back) co_return fail(std::move(back.error()));
  co_return co_await properties_once(asked, into, budget);
}

Task<void> Manager::properties_once(std::vector<Asked>& asked, Units& into, ListBudget& budget) {
  const std::vector<Question> questions = questions_about(asked, into, signals_freezing(version_));
  std::optional<RuntimeError> failure;
  std::optional<RuntimeError> denial;
  std::size_t told = 0;
  Dbus::MakeCall make = [&](std::size_t i) {
    const Question& question = questions[i];
    return get(asked[question.asked].row->path, question.property.interface,
               question.property.name);
  };
  Dbus::TakeReply take = [&](std::size_t i, const DbusReply& reply) {
    const std::string name(questions[i].property.name);
    Asked& unit = asked[questions[i].asked];
    if (failure) return;
    UnitProperties& known = into.of(unit.row->name);
    const std::size_t before = bytes_of(known);
    if (reply) {
      ++told;
      if (!take_property(name, *reply, known)) {
        known.unreadable[name] = "it is not of the type that systemd promises";
      }
    } else if (away(reply.error())) {
      failure = reply.error().at(bus_->url(), "read the properties of units");
      return;
    } else if (is_unloaded(reply.error())) {
      unit.vanished = true;
    } else {
      if (reply.error().denied()) denial = reply.error().at(bus_->url(), "read a property");
      known.unreadable[name] = excerpt(reply.error().at(bus_->url(), "read it").what, 200);
    }
    auto taken = budget.take_bytes(std::max(bytes_of(known), before) - before);
    if (!taken) failure = std::move(taken.error());
  };
  co_await bus_->call_all(questions.size(), std::move(make), std::move(take), deadlines_.list_head);
  if (failure) co_return fail(std::move(*failure));
  // One that is refused is a matter of its unit; nothing that is told at all is one of our rights.
  if (denial && told == 0) co_return fail(std::move(*denial));
  co_return Result<void>();
}

Task<void> Manager::wait_for_return() {
  const Monotonic until = env_->monotonic() + longest_absence;
  while (env_->monotonic() < until) {
    DbusCall call = get(systemd_path, manager_interface, "Version");
    auto reply = co_await bus_->call(std::move(call), deadlines_.probe_head);
    if (reply) co_return Result<void>();
    if (!away(reply.error())) co_return fail(reply.error().at(bus_->url(), "ask for systemd"));
    co_await env_->sleep_for(look_for_return);
  }
  co_return fail({.kind = ErrorKind::unavailable,
                  .fault = ConnectFault::unreachable,
                  .endpoint = bus_->url(),
                  .what = "the systemd manager has left the bus",
                  .remedy = "its services may go on without it: look at why it ended"});
}

OwnerChange owner_change(const DbusMessage& signal) {
  if (!signal.is_signal(bus_name, "NameOwnerChanged")) return OwnerChange::none;
  DbusReader reader(signal);
  const bool ours = reader.text() == systemd_name;
  reader.text();
  const bool owned = !reader.text().empty();
  if (!ours || !reader.ok()) return OwnerChange::none;
  return owned ? OwnerChange::came : OwnerChange::left;
}

}  // namespace rollcall::systemd
