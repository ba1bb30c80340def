// --format '{{.Name}} {{.Ports}}': a line an instance, of fields and text.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <rollcall/instance.hpp>

#include "cli/cells.hpp"

namespace rollcall::cli {

/// What a field may need besides the instance itself.
struct FormatContext {
  Timestamp now;
  Detail detail = Detail::shortened;
  NameOf name_of;
};

struct FormatField {
  std::string_view name;
  std::string (*text)(const Instance&, const FormatContext&);
};

/// Fields only, no language: {{.Name}}, and {{json .}} for all of the instance. \t and \n are a tab
/// and a new line.
class Format {
 public:
  /// Errors: a sentence for the user; for an unknown field it lists those that there are.
  static std::expected<Format, std::string> parse(std::string_view text);

  /// One line, without its end.
  [[nodiscard]] std::string apply(const Instance& instance, const FormatContext& context) const;

 private:
  std::vector<std::variant<std::string, const FormatField*>> parts_;
};

}  // namespace rollcall::cli
