#include "support/scripted_systemd.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <list>
#include <stdexcept>
#include <utility>

#include <boost/asio/local/stream_protocol.hpp>
#include <fmt/format.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "support/dbus_values.hpp"
#include "transport/dbus/loop.hpp"

namespace rollcall::test {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using namespace dbus;

namespace {

constexpr const char* systemd_name = "org.freedesktop.systemd1";
constexpr const char* manager_interface = "org.freedesktop.systemd1.Manager";
constexpr const char* unit_interface = "org.freedesktop.systemd1.Unit";
constexpr const char* manager_path = "/org/freedesktop/systemd1";

constexpr std::string_view unit_folder = "/org/freedesktop/systemd1/unit/";

}  // namespace

struct ScriptedSystemd::Impl : std::enable_shared_from_this<Impl> {
  Impl(ScriptedSystemd& owner, asio::io_context& executor)
      : script(owner), io(executor), acceptor(io) {}

  void accept();
  void serve(int fd);
  void take(DbusLoop& loop, const DbusMessage& call);
  void answer(DbusLoop& loop, const DbusMessage& call);
  void answer_manager(const DbusMessage& call, const std::string& member, Message reply);
  void write_rows(const DbusMessage& call, Message reply) const;
  void write_files(Message reply) const;
  /// The unit at an object path; if there is none, the last part of the path.
  [[nodiscard]] std::string unit_at(std::string_view path) const;
  [[nodiscard]] std::string name_of(const DbusMessage& call) const;
  void tell(const std::string& path, const std::string& interface, const std::string& member,
            const std::function<void(Message)>& write);

  ScriptedSystemd& script;
  asio::io_context& io;
  asio::local::stream_protocol::acceptor acceptor;
  std::list<std::shared_ptr<DbusLoop>> loops;
  std::deque<std::pair<std::weak_ptr<DbusLoop>, DbusMessage>> held;
  std::vector<asio::local::stream_protocol::socket> fillers;
};

ScriptedSystemd::ScriptedSystemd(asio::io_context& io) {
  std::string path = "/tmp/rollcall-sd-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp");
  folder_ = path;
  impl_ = std::make_shared<Impl>(*this, io);
  listen();
}

ScriptedSystemd::~ScriptedSystemd() {
  refuse();
  drop_connections();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::string ScriptedSystemd::socket() const {
  return folder_ / "bus";
}

void ScriptedSystemd::listen() {
  hide();
  impl_->fillers.clear();
  impl_->acceptor.open();
  impl_->acceptor.bind(socket());
  impl_->acceptor.listen();
  impl_->accept();
}

void ScriptedSystemd::refuse() {
  boost::system::error_code ignored;
  impl_->acceptor.close(ignored);
}

void ScriptedSystemd::hide() {
  refuse();
  std::error_code ignored;
  fs::remove(socket(), ignored);
}

void ScriptedSystemd::fill_backlog() {
  hide();
  impl_->acceptor.open();
  impl_->acceptor.bind(socket());
  impl_->acceptor.listen(0);
  for (int i = 0; i < 2; ++i) {
    auto& filler = impl_->fillers.emplace_back(impl_->io);
    boost::system::error_code ignored;
    filler.open();
    filler.non_blocking(true);
    filler.connect(socket(), ignored);
  }
}

void ScriptedSystemd::drop_connections() {
  for (const auto& loop : std::exchange(impl_->loops, {})) loop->close();
  impl_->held.clear();
}

void ScriptedSystemd::Impl::accept() {
  acceptor.async_accept([self = shared_from_this()](const boost::system::error_code& error,
                                                    asio::local::stream_protocol::socket socket) {
    if (error) return;
    ++self->script.accepted;
    self->serve(socket.release());
    self->accept();
  });
}

void ScriptedSystemd::Impl::serve(int fd) {
  sd_bus* bus = nullptr;
  sd_id128_t id{};
  id.bytes[0] = 1;
  check(sd_bus_new(&bus), "sd_bus_new");
  check(sd_bus_set_fd(bus, fd, fd), "sd_bus_set_fd");
  check(sd_bus_set_server(bus, 1, id), "sd_bus_set_server");
  check(sd_bus_start(bus), "sd_bus_start");
  auto loop = std::make_shared<DbusLoop>(io.get_executor(), bus);
  loop->on_message = [this, raw = loop.get()](const DbusMessage& call) { take(*raw, call); };
  loop->on_turn = [](int) {};
  loop->wake();
  loops.push_back(std::move(loop));
}

std::string ScriptedSystemd::Impl::unit_at(std::string_view path) const {
  if (!path.starts_with(unit_folder)) return {};
  for (const auto& [name, unit] : script.units) {
    if (object_of(name) == path) return name;
  }
  return std::string(path.substr(unit_folder.size()));
}

std::string ScriptedSystemd::Impl::name_of(const DbusMessage& call) const {
  if (call.member() != "Get") return std::string(call.member());
  DbusReader reader(call);
  reader.text();
  const std::string property(reader.text());
  const std::string unit = unit_at(call.path());
  return unit.empty() ? "Get " + property : fmt::format("Get {} {}", unit, property);
}

void ScriptedSystemd::Impl::take(DbusLoop& loop, const DbusMessage& call) {
  std::uint8_t type = 0;
  sd_bus_message_get_type(call.get(), &type);
  if (type != SD_BUS_MESSAGE_METHOD_CALL) return;
  const bool to_bus = std::string_view(sd_bus_message_get_destination(call.get())) != systemd_name;
  if (!to_bus) script.calls.push_back(name_of(call));
  if (!to_bus && script.mute) return;
  if (!to_bus && script.hold_answers) {
    held.emplace_back(loop.weak_from_this(), call);
    script.most_waiting = std::max(script.most_waiting, held.size());
    return;
  }
  answer(loop, call);
}

void ScriptedSystemd::answer_held() {
  for (auto& [loop, call] : std::exchange(impl_->held, {})) {
    if (const auto alive = loop.lock()) impl_->answer(*alive, call);
  }
}

void ScriptedSystemd::Impl::answer(DbusLoop& loop, const DbusMessage& call) {
  const bool to_bus = std::string_view(sd_bus_message_get_destination(call.get())) != systemd_name;
  const std::string member(call.member());
  if (!to_bus && script.before_answer) script.before_answer(name_of(call));
  std::string problem = to_bus ? "" : script.error;
  if (!to_bus && !script.systemd_is_there) problem = SD_BUS_ERROR_SERVICE_UNKNOWN;
  const std::string unit = unit_at(call.path());
  if (!unit.empty() && !script.units.contains(unit)) problem = SD_BUS_ERROR_UNKNOWN_OBJECT;
  Message raw = nullptr;
  if (!problem.empty()) {
    const sd_bus_error failure{problem.c_str(), "as the test wants it", 0};
    check(sd_bus_message_new_method_error(call.get(), &raw, &failure), "error");
  } else {
    check(sd_bus_message_new_method_return(call.get(), &raw), "return");
    if (member == "Hello") text(raw, 's', ":1.1");
    if (!to_bus) answer_manager(call, member, raw);
  }
  check(sd_bus_send(loop.bus(), raw, nullptr), "send");
  sd_bus_message_unref(raw);
  loop.wake();
}

void ScriptedSystemd::Impl::answer_manager(const DbusMessage& call, const std::string& member,
                                           Message reply) {
  if (member == "ListUnitsByPatterns") return write_rows(call, reply);
  if (member == "ListUnitFilesByPatterns") return write_files(reply);
  if (member != "Get") return;
  DbusReader reader(call);
  reader.text();
  const std::string property(reader.text());
  const std::string name = unit_at(call.path());
  if (name.empty()) {
    return write_variant(reply, text_value(property == "Version" ? script.version : "/"));
  }
  const ScriptedUnit& unit = script.units.at(name);
  auto values = unit_values(unit);
  values.merge(own_values(unit));
  write_variant(reply, values.at(property));
}

void ScriptedSystemd::Impl::write_rows(const DbusMessage& call, Message reply) const {
  DbusReader reader(call);
  reader.texts();
  const std::vector<std::string> patterns = reader.texts();
  check(sd_bus_message_open_container(reply, 'a', "(ssssssouso)"), "open");
  for (const auto& [name, unit] : script.units) {
    const bool fits = std::ranges::any_of(patterns, [&](const std::string& pattern) {
      return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
    });
    if (!fits) continue;
    check(sd_bus_message_open_container(reply, 'r', "ssssssouso"), "open");
    for (const auto* value :
         {&name, &unit.description, &unit.load_state, &unit.active_state, &unit.sub_state}) {
      text(reply, 's', *value);
    }
    text(reply, 's', "");
    text(reply, 'o', object_of(name));
    number(reply, 'u', unit.job_type.empty() ? std::uint32_t{0} : std::uint32_t{7});
    text(reply, 's', unit.job_type);
    text(reply, 'o', "/");
    check(sd_bus_message_close_container(reply), "close");
  }
  check(sd_bus_message_close_container(reply), "close");
}

void ScriptedSystemd::Impl::write_files(Message reply) const {
  check(sd_bus_message_open_container(reply, 'a', "(ss)"), "open");
  for (const auto& [path, state] : script.unit_files) {
    check(sd_bus_message_open_container(reply, 'r', "ss"), "open");
    text(reply, 's', path);
    text(reply, 's', state);
    check(sd_bus_message_close_container(reply), "close");
  }
  check(sd_bus_message_close_container(reply), "close");
}

void ScriptedSystemd::Impl::tell(const std::string& path, const std::string& interface,
                                 const std::string& member,
                                 const std::function<void(Message)>& write) {
  for (const auto& loop : loops) {
    if (loop->bus() == nullptr || sd_bus_is_ready(loop->bus()) <= 0) continue;
    Message raw = nullptr;
    check(sd_bus_message_new_signal(loop->bus(), &raw, path.c_str(), interface.c_str(),
                                    member.c_str()),
          "signal");
    write(raw);
    check(sd_bus_send(loop->bus(), raw, nullptr), "send");
    sd_bus_message_unref(raw);
    loop->wake();
  }
}

void ScriptedSystemd::tell_changed(const std::string& unit) {
  const ScriptedUnit& it = units.at(unit);
  const std::string path = object_of(unit);
  const bool service = unit.ends_with(".service");
  const auto own = [&](Message m) {
    write_changes(m, "org.freedesktop.systemd1.Service", own_values(it),
                  {"MainPID", "NRestarts", "Result"});
  };
  const auto common = [&](Message m) {
    write_changes(
        m, unit_interface, unit_values(it),
        {"ActiveState", "SubState", "FreezerState", "ActiveEnterTimestamp", "InvocationID", "Job"});
  };
  constexpr const char* properties = "org.freedesktop.DBus.Properties";
  if (service) impl_->tell(path, properties, "PropertiesChanged", own);
  impl_->tell(path, properties, "PropertiesChanged", common);
}

void ScriptedSystemd::tell_garbage(const std::string& unit) {
  impl_->tell(object_of(unit), "org.freedesktop.DBus.Properties", "PropertiesChanged",
              [](Message m) {
                const std::map<std::string, Value> wrong = {{"ActiveState", flag_value(true)}};
                write_changes(m, unit_interface, wrong, {"ActiveState"});
              });
}

void ScriptedSystemd::tell_removed(const std::string& unit) {
  impl_->tell(manager_path, manager_interface, "UnitRemoved", [&](Message m) {
    text(m, 's', unit);
    text(m, 'o', object_of(unit));
  });
}

void ScriptedSystemd::tell_reloading(bool active) {
  impl_->tell(manager_path, manager_interface, "Reloading",
              [&](Message m) { number(m, 'b', active ? 1 : 0); });
}

void ScriptedSystemd::tell_owner(bool owned) {
  impl_->tell("/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged", [&](Message m) {
    text(m, 's', systemd_name);
    text(m, 's', owned ? "" : ":1.2");
    text(m, 's', owned ? ":1.3" : "");
  });
}

}  // namespace rollcall::test
