// The inverse of the one JSON writer: what another Rollcall has written, as instances and events.
#pragma once

#include <functional>

#include <boost/json/value.hpp>
#include <rollcall/event.hpp>
#include <rollcall/instance.hpp>
#include <rollcall/result.hpp>

namespace rollcall {

/// Reads what json_text(const Instance&) writes; written again it is the same.
///
/// Names that this version does not know are left out. A value of another type than expected, or a
/// word that is not known, is left out and becomes a problem of the instance.
/// Errors: protocol, for what is no object or has no complete key.
Result<InstancePtr> read_instance(const boost::json::value& value);

/// Gives the instance as last reported, or null.
using LastTold = std::function<InstancePtr(const InstanceKey& key)>;

/// Reads what json_text(const RuntimeEvent&) writes. The instance of a Stopped is the one last
/// reported, or else one with only its key and name.
///
/// Errors: protocol, for an event of a type that is not known, and those of read_instance.
Result<RuntimeEvent> read_event(const boost::json::value& value, const LastTold& last_told);

}  // namespace rollcall
