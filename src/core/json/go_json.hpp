// Reads the fields of a JSON object as Go's encoding/json reads them into a struct, for the files
// of the docker and podman commands.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include "core/text/ascii.hpp"

namespace rollcall {

/// Keys match in any case, and the last of several counts; null counts as absent; a wrong type is
/// an error, a sentence that names the key. Lifetime: the object must outlive it.
class GoFields {
 public:
  template <class Value>
  using Said = std::expected<Value, std::string>;

  explicit GoFields(const boost::json::object& object) : object_(object) {}

  [[nodiscard]] Said<std::string> text(std::string_view key) const {
    const auto* value = find(key);
    if (value == nullptr) return std::string();
    if (value->is_string()) return std::string(value->get_string());
    return std::unexpected(fmt::format("{} is no text", key));
  }

  [[nodiscard]] Said<bool> flag(std::string_view key) const {
    const auto* value = find(key);
    if (value == nullptr) return false;
    if (value->is_bool()) return value->get_bool();
    return std::unexpected(fmt::format("{} is neither true nor false", key));
  }

  /// An empty one, if it is not there.
  [[nodiscard]] Said<boost::json::object> object(std::string_view key) const {
    const auto* value = find(key);
    if (value == nullptr) return boost::json::object();
    if (value->is_object()) return value->get_object();
    return std::unexpected(fmt::format("{} is no object", key));
  }

 private:
  [[nodiscard]] const boost::json::value* find(std::string_view key) const {
    const std::string wanted = lower_case(key);
    const boost::json::value* found = nullptr;
    for (const auto& [name, value] : object_) {
      if (!value.is_null() && lower_case(name) == wanted) found = &value;
    }
    return found;
  }

  const boost::json::object& object_;
};

}  // namespace rollcall
