// JSON strings: every document that the program writes quotes foreign text by these functions.
#pragma once

#include <string>
#include <string_view>

#include <boost/json/value.hpp>

namespace rollcall {

/// Appends a JSON string, in quotes. Bytes that are not UTF-8 become U+FFFD; code points for which
/// is_active() holds are escaped as \uNNNN, so that the JSON is safe to show in a terminal or a
/// diff. JSON parsers see the same text.
void append_json_string(std::string& out, std::string_view foreign);

/// The text of a value, without white space, escaped in the same way.
std::string serialized(const boost::json::value& value);

}  // namespace rollcall
