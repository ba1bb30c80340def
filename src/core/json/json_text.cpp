#include "core/json/json_text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "core/text/code_points.hpp"

namespace rollcall {
namespace {

/// Text that is written as it is.
bool is_plain(std::string_view text) {
  return std::ranges::all_of(text,
                             [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

void append_escape(std::string& out, char32_t point) {
  const auto append_unit = [&out](std::uint32_t unit) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", unit);
  };
  if (point < 0x10000) return append_unit(point);
  append_unit(0xd800U + ((point - 0x10000U) >> 10U));
  append_unit(0xdc00U + ((point - 0x10000U) & 0x3ffU));
}

void append_escaped_ascii(std::string& out, char c) {
  constexpr std::string_view named = "\"\\\b\f\n\r\t";
  constexpr std::string_view letters = "\"\\bfnrt";
  const std::size_t at = named.find(c);
  if (at == std::string_view::npos) return append_escape(out, static_cast<unsigned char>(c));
  out += '\\';
  out += letters[at];
}

bool stays(char32_t point) {
  return point != '"' && point != '\\' && !is_active(point);
}

void append_escaped(std::string& out, std::string_view foreign) {
  each_code_point(foreign, [&out](std::string_view bytes, const std::optional<CodePoint>& point) {
    if (!point) {
      out += "\xef\xbf\xbd";
    } else if (stays(point->value)) {
      out += bytes;
    } else if (bytes.size() == 1) {
      append_escaped_ascii(out, bytes[0]);
    } else {
      append_escape(out, point->value);
    }
    return true;
  });
}

bool is_other_than_ascii(char c) {
  return static_cast<unsigned char>(c) >= 0x7f;
}

}  // namespace

void append_json_string(std::string& out, std::string_view foreign) {
  out += '"';
  if (is_plain(foreign)) {
    out += foreign;
  } else {
    append_escaped(out, foreign);
  }
  out += '"';
}

std::string serialized(const boost::json::value& value) {
  std::string text = boost::json::serialize(value);
  const auto first = std::ranges::find_if(text, is_other_than_ascii);
  if (first == text.end()) return text;
  // Bytes that are not ASCII only occur within quotes, so they can be escaped in place.
  const auto at = static_cast<std::size_t>(first - text.begin());
  std::string escaped = text.substr(0, at);
  escaped.reserve(text.size() + 64);
  each_code_point(std::string_view(text).substr(at),
                  [&escaped](std::string_view bytes, const std::optional<CodePoint>& point) {
                    if (!point) {
                      escaped += "\xef\xbf\xbd";
                    } else if (point->value >= 0x7f && is_active(point->value)) {
                      append_escape(escaped, point->value);
                    } else {
                      escaped += bytes;
                    }
                    return true;
                  });
  return escaped;
}

}  // namespace rollcall
