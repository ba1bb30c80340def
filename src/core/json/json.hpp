// The one writer of instances and events as JSON, for every output and every answer.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <rollcall/event.hpp>
#include <rollcall/instance.hpp>

namespace rollcall {

/// snake_case keys in a fixed order, RFC 3339 UTC times, absent rather than null, empty lists
/// absent, no white space.
std::string json_text(const Instance& instance);

/// {"type":"started|updated|stopped|backend_disconnected|backend_reconnected", …}
std::string json_text(const RuntimeEvent& event);

/// Appends the text of an instance: a list that is written piece by piece is never held twice.
void append_json(std::string& out, const Instance& instance);

/// The same with these members alone.
void append_json(std::string& out, const Instance& instance,
                 const std::set<std::string_view>& members);

/// The same as a JSON value, for code that takes it apart; it needs several times the memory.
boost::json::object to_json(const Instance& instance);

}  // namespace rollcall
