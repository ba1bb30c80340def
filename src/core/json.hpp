// The one JSON writer: what every output and every answer says about an instance or an event.
#pragma once

#include <boost/json/object.hpp>
#include <rollcall/event.hpp>
#include <rollcall/instance.hpp>

namespace rollcall {

/// snake_case keys in a fixed order, RFC 3339 UTC times, absent rather than null, empty lists
/// absent.
boost::json::object to_json(const Instance& instance);

/// {"type":"started|updated|stopped|backend_disconnected|backend_reconnected", …}
boost::json::object to_json(const RuntimeEvent& event);

}  // namespace rollcall
