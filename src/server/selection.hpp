// Which instances a request is about, and what of them it wants. Pure.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <rollcall/instance.hpp>

#include "core/filter.hpp"
#include "engine/change_log.hpp"
#include "server/route.hpp"
#include "server/selector.hpp"

namespace rollcall::server {

/// The parameters that Selection::of reads, for the table of routes.
[[nodiscard]] std::vector<Parameter> selection_parameters();

/// The filters of `rollcall ls`, and label selectors; all of them must hold.
class Selection {
 public:
  /// Errors: a sentence that says what would be right.
  static std::expected<Selection, std::string> of(const Question& question);

  [[nodiscard]] bool matches(const Instance& instance) const;

  /// Whether who asked wants to know of a change: the instance matches before or after it. What a
  /// backend tells of itself is for all.
  [[nodiscard]] bool wants(const LogEntry& entry) const;

  /// Whether all match.
  [[nodiscard]] bool empty() const noexcept { return filters_.empty() && selectors_.empty(); }

 private:
  Filters filters_;
  std::vector<Selector> selectors_;
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
  /// Errors: a sentence that names the known ones.
  static std::expected<Fields, std::string> of(const Question& question);

  /// Whether all are wanted.
  [[nodiscard]] bool empty() const noexcept { return names_.empty(); }

  /// The instance with these members; with its key always.
  [[nodiscard]] boost::json::object pick(const Instance& instance) const;

 private:
  std::vector<std::string> names_;
};

}  // namespace rollcall::server
