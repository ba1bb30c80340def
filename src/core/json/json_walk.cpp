#include "core/json/json_walk.hpp"

#include <cstddef>

#include <fmt/format.h>

#include "core/secrets/secrets.hpp"

namespace rollcall::json_walk {
namespace {

/// The first quote from `from` on that is not escaped; npos if there is none.
std::size_t end_of_string(std::string_view json, std::size_t from) {
  for (std::size_t at = from; at < json.size(); ++at) {
    if (json[at] == '\\') {
      ++at;
    } else if (json[at] == '"') {
      return at;
    }
  }
  return std::string_view::npos;
}

/// Finds a field at depth 1. Returns all from its value on, if `is_value` accepts how that begins;
/// otherwise the value must be a string, whose contents are returned.
template <class IsValue>
std::string_view salvage(std::string_view json, std::string_view key, IsValue is_value) {
  int depth = 0;
  std::string_view last_text;  // at depth 1, since the last comma: the key, when a value comes
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (depth == 1 && last_text == key && is_value(json.substr(at))) return json.substr(at);
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (c == ',' && depth == 1) last_text = {};
    if (c != '"') continue;
    const std::size_t end = end_of_string(json, at + 1);
    if (end == std::string_view::npos) return {};
    const std::string_view text = json.substr(at + 1, end - at - 1);
    if (depth == 1 && last_text == key) return text;
    if (depth == 1) last_text = text;
    at = end;
  }
  return {};
}

}  // namespace

std::unexpected<RuntimeError> not_an_object(std::string_view what, std::string_view text,
                                            simdjson::error_code error) {
  return fail({.kind = ErrorKind::protocol,
               .endpoint = {},
               .what = fmt::format("{} \"{}\" is not a JSON object: {}", what, quotation(text),
                                   simdjson::error_message(error)),
               .remedy = {}});
}

std::string_view salvage_text(std::string_view json, std::string_view key) {
  return salvage(json, key, [](std::string_view) { return false; });
}

std::string_view salvage_object(std::string_view json, std::string_view key) {
  return salvage(json, key, [](std::string_view rest) { return rest.starts_with('{'); });
}

}  // namespace rollcall::json_walk
