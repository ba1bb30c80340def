#include "transport/dbus/message.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <systemd/sd-bus.h>

#include "core/budgets.hpp"

namespace rollcall {
namespace {

std::string_view view(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

std::string_view within_budget(std::string_view text) {
  return text.substr(0, budget::dbus_value_bytes);
}

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

bool append_list(sd_bus_message* message, const std::vector<std::string>& texts) {
  if (sd_bus_message_open_container(message, 'a', "s") < 0) return false;
  for (const std::string& text : texts) {
    if (sd_bus_message_append_basic(message, 's', text.c_str()) < 0) return false;
  }
  return sd_bus_message_close_container(message) >= 0;
}

bool append(sd_bus_message* message, const DbusCall& call) {
  for (const std::string& text : call.texts) {
    if (sd_bus_message_append_basic(message, 's', text.c_str()) < 0) return false;
  }
  return std::ranges::all_of(call.lists,
                             [message](const auto& list) { return append_list(message, list); });
}

}  // namespace

bool DbusError::nobody_there() const {
  constexpr std::array<std::string_view, 4> names = {
      SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NAME_HAS_NO_OWNER, SD_BUS_ERROR_DISCONNECTED,
      "org.freedesktop.DBus.Error.Spawn.ChildExited"};
  return is_one_of(name, names);
}

bool DbusError::no_answer() const {
  constexpr std::array<std::string_view, 3> names = {SD_BUS_ERROR_NO_REPLY, SD_BUS_ERROR_TIMEOUT,
                                                     "org.freedesktop.DBus.Error.TimedOut"};
  return is_one_of(name, names);
}

bool DbusError::denied() const {
  constexpr std::array<std::string_view, 3> names = {
      SD_BUS_ERROR_ACCESS_DENIED, SD_BUS_ERROR_AUTH_FAILED,
      SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED};
  return is_one_of(name, names);
}

RuntimeError DbusError::at(const std::string& endpoint, std::string_view asked) const {
  RuntimeError error{.endpoint = endpoint,
                     .what = fmt::format("cannot {}: {}", asked, message.empty() ? name : message)};
  if (denied()) {
    error.kind = ErrorKind::denied;
    error.fault = ConnectFault::denied;
    error.remedy = "run as a user to whom the bus allows it, such as root";
  } else if (no_answer()) {
    error.fault = ConnectFault::mute;
    error.remedy = "the service hangs, ends or is still starting: look at its log";
  } else if (nobody_there()) {
    error.fault = ConnectFault::unreachable;
    error.remedy = "the service has left the bus: start it again";
  } else {
    error.kind = ErrorKind::protocol;
  }
  return error;
}

DbusMessage::DbusMessage(sd_bus_message* message)
    : message_(sd_bus_message_ref(message), &sd_bus_message_unref) {}

std::string_view DbusMessage::path() const {
  return view(sd_bus_message_get_path(get()));
}

std::string_view DbusMessage::interface() const {
  return view(sd_bus_message_get_interface(get()));
}

std::string_view DbusMessage::member() const {
  return view(sd_bus_message_get_member(get()));
}

bool DbusMessage::is_signal(std::string_view interface, std::string_view member) const {
  std::uint8_t type = 0;
  return sd_bus_message_get_type(get(), &type) >= 0 && type == SD_BUS_MESSAGE_SIGNAL &&
         this->interface() == interface && this->member() == member;
}

DbusReader::DbusReader(const DbusMessage& message) : message_(message.get()) {
  take(sd_bus_message_rewind(message_, 1));
}

bool DbusReader::take(int result) {
  if (result < 0) ok_ = false;
  return ok_ && result > 0;
}

bool DbusReader::basic(char type, void* into) {
  // Reaching the end of the message or of an array where a value was expected is a failure, too.
  if (ok_ && !take(sd_bus_message_read_basic(message_, type, into))) ok_ = false;
  return ok_;
}

std::string_view DbusReader::text() {
  char type = 0;
  const char* text = nullptr;
  if (!ok_ || !take(sd_bus_message_peek_type(message_, &type, nullptr))) {
    ok_ = false;
    return {};
  }
  const bool is_there = basic(type == 'o' ? 'o' : 's', static_cast<void*>(&text));
  return is_there ? within_budget(view(text)) : std::string_view();
}

bool DbusReader::boolean() {
  int value = 0;
  return basic('b', &value) && value != 0;
}

std::uint32_t DbusReader::number() {
  std::uint32_t value = 0;
  return basic('u', &value) ? value : 0;
}

std::uint64_t DbusReader::big_number() {
  std::uint64_t value = 0;
  return basic('t', &value) ? value : 0;
}

std::vector<std::string> DbusReader::texts() {
  std::vector<std::string> all;
  if (!enter('a', "s")) {
    ok_ = false;
    return all;
  }
  const char* text = nullptr;
  std::size_t left = budget::dbus_value_bytes;
  while (ok_ && take(sd_bus_message_read_basic(message_, 's', static_cast<void*>(&text)))) {
    const std::size_t cost = sizeof(std::string) + view(text).size();
    if (cost <= left) all.emplace_back(text);
    left = cost <= left ? left - cost : 0;
  }
  leave();
  return all;
}

std::string DbusReader::bytes() {
  const void* data = nullptr;
  std::size_t size = 0;
  if (!ok_ || sd_bus_message_read_array(message_, 'y', &data, &size) < 0) {
    ok_ = false;
    return {};
  }
  return {static_cast<const char*>(data), std::min(size, budget::dbus_value_bytes)};
}

bool DbusReader::enter(char type, const char* contents) {
  return ok_ && take(sd_bus_message_enter_container(message_, type, contents));
}

std::string_view DbusReader::enter_variant() {
  char type = 0;
  const char* contents = nullptr;
  const bool variant =
      ok_ && take(sd_bus_message_peek_type(message_, &type, &contents)) && type == 'v';
  if (variant && enter('v', contents)) return view(contents);
  ok_ = false;
  return {};
}

void DbusReader::leave() {
  if (ok_) take(sd_bus_message_exit_container(message_));
}

void DbusReader::skip(const char* types) {
  if (ok_) take(sd_bus_message_skip(message_, types));
}

DbusMessage make_message(sd_bus* bus, const DbusCall& call) {
  sd_bus_message* raw = nullptr;
  const int made =
      sd_bus_message_new_method_call(bus, &raw, call.destination.c_str(), call.path.c_str(),
                                     call.interface.c_str(), call.member.c_str());
  if (made < 0) return {};
  DbusMessage message(raw);
  sd_bus_message_unref(raw);
  const bool good = sd_bus_message_set_auto_start(raw, 0) >= 0 && append(raw, call);
  return good ? message : DbusMessage();
}

}  // namespace rollcall
