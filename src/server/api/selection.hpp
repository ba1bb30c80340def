// The instances and the fields that a request selects. Pure.
#pragma once

#include <expected>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>

#include "core/filter.hpp"
#include "engine/change_log.hpp"
#include "server/api/route.hpp"

namespace rollcall::server {

/// The parameters that Selection::of reads, for the table of routes.
[[nodiscard]] std::vector<Parameter> selection_parameters();

/// The filters of `rollcall ls`, each as a parameter.
class Selection {
 public:
  /// Errors: a sentence that says what would be right.
  static std::expected<Selection, std::string> of(const Question& question);

  [[nodiscard]] bool matches(const Instance& instance) const;

  /// Whether the client wants a change: the instance matches before or after it. Events about a
  /// backend itself always match.
  [[nodiscard]] bool wants(const LogEntry& entry) const;

  /// Whether every instance matches.
  [[nodiscard]] bool empty() const noexcept { return filters_.empty(); }

 private:
  Filters filters_;
};

/// A member of an instance in JSON.
struct Field {
  std::string_view name;
  std::string_view type;  ///< Of JSON: "string", "object", "array".
  std::string_view description;
};

/// All members that an instance may have, in their order.
[[nodiscard]] std::span<const Field> instance_fields();

/// `fields=key,name,state`: only these members of each instance.
class Fields {
 public:
  /// Errors: a sentence that names the known fields.
  static std::expected<Fields, std::string> of(const Question& question);

  /// Whether all fields are wanted.
  [[nodiscard]] bool empty() const noexcept { return !asked_; }

  /// Appends the instance with these members, and always with its key.
  void append(std::string& out, const Instance& instance) const;

 private:
  std::set<std::string_view> names_;
  bool asked_ = false;
};

}  // namespace rollcall::server
