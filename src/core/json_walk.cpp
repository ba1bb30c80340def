#include "core/json_walk.hpp"

#include <cstddef>

#include <fmt/format.h>

namespace rollcall::json_walk {
namespace {

/// The first quote from `from` on that no backslash takes away; npos if there is none.
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

/// The value of a field at depth 1: what `is_value` says begins it, and all after that; of those
/// that begin otherwise, a text.
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
               .what = fmt::format("{} \"{}\" is not a JSON object: {}", what, excerpt(text),
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
