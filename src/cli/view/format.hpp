// --format '{{.Name}} {{.Ports}}': one line per instance, of fields and text.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <rollcall/instance.hpp>

#include "cli/view/instance_text.hpp"

namespace rollcall::cli {

/// Data that a field may need besides the instance.
struct FormatContext {
  Timestamp now;
  Detail detail = Detail::shortened;
  NameOf name_of;
};

struct FormatField {
  std::string_view name;
  std::string (*text)(const Instance&, const FormatContext&);
};

/// Fields only, no template language: {{.Name}}, and {{json .}} for the whole instance. \t and \n
/// are a tab and a line feed. The prefix "table " makes a table whose columns are split at tabs.
class Format {
 public:
  /// Errors: a sentence for the user; for an unknown field it lists the known ones.
  static std::expected<Format, std::string> parse(std::string_view text);

  /// One line, without its end.
  [[nodiscard]] std::string apply(const Instance& instance, const FormatContext& context) const;

  [[nodiscard]] bool is_table() const noexcept { return table_; }

  /// The line above a table: the title of each field.
  [[nodiscard]] std::string header() const;

 private:
  std::vector<std::variant<std::string, const FormatField*>> parts_;
  bool table_ = false;
};

}  // namespace rollcall::cli
