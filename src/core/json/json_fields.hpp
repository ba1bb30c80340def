// Reads the fields of a JSON object that another program has written. Unexpected values are left
// out and noted, never fatal.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <rollcall/instance.hpp>

#include "core/text/text.hpp"
#include "core/text/words.hpp"

namespace rollcall {

/// A view of one object. Each reading leaves `out` alone if the field is absent or not as expected.
class JsonFields {
 public:
  /// `path`: where the object is, "ports." or nothing, for the notes.
  JsonFields(const boost::json::object& object, std::vector<Problem>& problems,
             std::string path = {})
      : object_(object), problems_(problems), path_(std::move(path)) {}

  void text(std::string_view name, std::string& out) const {
    const auto* value = find(name);
    if (value == nullptr) return;
    const auto* string = value->if_string();
    if (string == nullptr) return note(name, "is no text");
    out.assign(string->begin(), string->end());
  }

  void flag(std::string_view name, bool& out) const {
    const auto* value = find(name);
    if (value == nullptr) return;
    if (!value->is_bool()) return note(name, "is neither true nor false");
    out = value->get_bool();
  }

  template <std::integral Number>
  void number(std::string_view name, Number& out) const {
    const auto* value = find(name);
    if (value == nullptr) return;
    boost::system::error_code error;
    const auto read = value->to_number<Number>(error);
    if (error) return note(name, "is no number that is possible there");
    out = read;
  }

  void time(std::string_view name, std::optional<Timestamp>& out) const {
    std::string written;
    text(name, written);
    if (written.empty()) return;
    out = parse_rfc3339(written);
    if (!out) note(name, "is no time");
  }

  /// A word of an enumeration that prints itself.
  template <class Enum>
  void word(std::string_view name, Enum& out) const {
    std::string written;
    text(name, written);
    if (written.empty()) return;
    if (const auto value = value_of_word<Enum>(written)) {
      out = *value;
      return;
    }
    note(name, fmt::format("'{}' is no word that this version knows", excerpt(written)));
  }

  void texts(std::string_view name, std::vector<std::string>& out) const {
    each(name, [&](const boost::json::value& element) {
      if (const auto* string = element.if_string()) {
        out.emplace_back(string->begin(), string->end());
      } else {
        note(name, "holds something that is no text");
      }
    });
  }

  /// Calls `take(fields)` for each object of a list.
  template <class Take>
  void objects(std::string_view name, Take take) const {
    each(name, [&](const boost::json::value& element) {
      if (const auto* object = element.if_object()) {
        take(JsonFields(*object, problems_, fmt::format("{}{}.", path_, name)));
      } else {
        note(name, "holds something that is no object");
      }
    });
  }

  /// Calls `take(fields)` for the object of that name.
  template <class Take>
  void object(std::string_view name, Take take) const {
    const auto* value = find(name);
    if (value == nullptr) return;
    const auto* object = value->if_object();
    if (object == nullptr) return note(name, "is no object");
    take(JsonFields(*object, problems_, fmt::format("{}{}.", path_, name)));
  }

  [[nodiscard]] const boost::json::object& raw() const noexcept { return object_; }

  [[nodiscard]] const boost::json::value* find(std::string_view name) const {
    return object_.if_contains(name);
  }

  void note(std::string_view name, std::string what) const {
    problems_.push_back({.where = fmt::format("{}{}", path_, name), .what = std::move(what)});
  }

 private:
  template <class Take>
  void each(std::string_view name, Take take) const {
    const auto* value = find(name);
    if (value == nullptr) return;
    const auto* array = value->if_array();
    if (array == nullptr) return note(name, "is no list");
    for (const boost::json::value& element : *array) take(element);
  }

  const boost::json::object& object_;
  std::vector<Problem>& problems_;
  std::string path_;
};

}  // namespace rollcall
