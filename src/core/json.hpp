// The one JSON writer: what every output and every answer says about an instance or an event.
#pragma once

#include <string>

#include <boost/json/object.hpp>
#include <rollcall/event.hpp>
#include <rollcall/instance.hpp>

namespace rollcall {

/// snake_case keys in a fixed order, RFC 3339 UTC times, absent rather than null, empty lists
/// absent, no white space.
std::string json_text(const Instance& instance);

/// {"type":"started|updated|stopped|backend_disconnected|backend_reconnected", …}
std::string json_text(const RuntimeEvent& event);

/// Appends the text of an instance, for lists: one that is made piece by piece is never held twice.
void append_json(std::string& out, const Instance& instance);

/// The same as a value, for whoever takes it apart; it costs several times what the text costs.
boost::json::object to_json(const Instance& instance);

}  // namespace rollcall
