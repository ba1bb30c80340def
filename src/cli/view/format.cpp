#include "cli/view/format.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/json/json.hpp"
#include "core/text/ascii.hpp"
#include "core/text/suggest.hpp"
#include "core/text/text.hpp"

namespace rollcall::cli {
namespace {

std::string time_text(const std::optional<Timestamp>& time) {
  return time ? to_rfc3339(*time) : std::string();
}

std::string labels_text(const Instance& instance) {
  std::vector<std::string> all;
  for (const auto& [key, value] : instance.labels) {
    all.push_back(printable(key) + "=" + printable(value));
  }
  return fmt::format("{}", fmt::join(all, ","));
}

using Context = FormatContext;
constexpr auto fields = std::to_array<FormatField>({
    {"Name", [](const Instance& i, const Context&) { return printable(i.name); }},
    {"ID",
     [](const Instance& i, const Context& c) {
       return printable(c.detail == Detail::full ? i.key.id : short_id(i.key.id));
     }},
    {"Runtime", [](const Instance& i, const Context&) { return printable(i.key.backend); }},
    {"Endpoint", [](const Instance& i, const Context&) { return printable(i.key.endpoint); }},
    {"Kind", [](const Instance& i, const Context&) { return std::string(to_string(i.kind)); }},
    {"Status", [](const Instance& i, const Context&) { return state_text(i); }},
    {"State", [](const Instance& i, const Context&) { return std::string(to_string(i.state)); }},
    {"Health", [](const Instance& i, const Context&) { return std::string(to_string(i.health)); }},
    {"Reason", [](const Instance& i, const Context&) { return printable(i.reason); }},
    {"Image", [](const Instance& i, const Context& c) { return image_text(i, c.detail); }},
    {"Addresses",
     [](const Instance& i, const Context& c) { return addresses_text(i, c.detail, c.name_of); }},
    {"Ports", [](const Instance& i, const Context&) { return ports_text(i); }},
    {"Group", [](const Instance& i, const Context&) { return printable(i.group); }},
    {"Service", [](const Instance& i, const Context&) { return printable(i.service); }},
    {"Node", [](const Instance& i, const Context&) { return printable(i.node); }},
    {"Labels", [](const Instance& i, const Context&) { return labels_text(i); }},
    {"Age", [](const Instance& i, const Context& c) { return age_text(i, c.now); }},
    {"CreatedAt", [](const Instance& i, const Context&) { return time_text(i.created_at); }},
    {"StartedAt", [](const Instance& i, const Context&) { return time_text(i.started_at); }},
});

constexpr FormatField whole_as_json = {
    "json .", [](const Instance& i, const Context&) { return json_text(i); }};

constexpr std::string_view table_word = "table ";

/// "CreatedAt" -> "CREATED AT".
std::string title_of(std::string_view name) {
  std::string title;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (i > 0 && is_upper(name[i]) && is_lower(name[i - 1])) title += ' ';
    title += is_lower(name[i]) ? static_cast<char>(name[i] - 'a' + 'A') : name[i];
  }
  return title;
}

std::string unescaped(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
    if (next == 't' || next == 'n' || next == '\\') {
      result += next == 't' ? '\t' : next == 'n' ? '\n' : '\\';
      ++i;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::expected<const FormatField*, std::string> parse_field(std::string_view inside) {
  const std::string_view word = trimmed(inside);
  if (word == whole_as_json.name) return &whole_as_json;
  const std::string_view name = word.starts_with('.') ? word.substr(1) : std::string_view();
  const auto at = std::ranges::find(fields, name, &FormatField::name);
  if (at != fields.end()) return &*at;

  std::vector<std::string> names;
  for (const FormatField& field : fields) names.emplace_back(field.name);
  return std::unexpected(fmt::format(
      "--format knows no field '{{{{{}}}}}'{} (fields: .{}, and {{{{json .}}}} for all)", word,
      suggestion(name, names), fmt::join(names, " .")));
}

}  // namespace

std::expected<Format, std::string> Format::parse(std::string_view text) {
  Format format;
  if (const std::string_view word = trimmed(text); word == "json" || word == "table") {
    return std::unexpected(fmt::format("--format takes a template; for {} use --output {}",
                                       word == "json" ? "JSON" : "the usual table", word));
  }
  if (text.starts_with(table_word)) {
    format.table_ = true;
    text = trimmed(text.substr(table_word.size()));
  }
  while (!text.empty()) {
    const std::size_t open = text.find("{{");
    if (open != 0) {
      format.parts_.emplace_back(unescaped(text.substr(0, open)));
      if (open == text.npos) break;
      text.remove_prefix(open);
    }
    const std::size_t close = text.find("}}");
    if (close == text.npos) {
      return std::unexpected(fmt::format("--format: '{}' is not closed with '}}}}'", text));
    }
    auto field = parse_field(text.substr(2, close - 2));
    if (!field) return std::unexpected(std::move(field.error()));
    format.parts_.emplace_back(*field);
    text.remove_prefix(close + 2);
  }
  if (format.parts_.empty()) {
    return std::unexpected(std::string("--format is empty; try --format '{{.Name}} {{.Ports}}'"));
  }
  return format;
}

std::string Format::header() const {
  std::string line;
  for (const auto& part : parts_) {
    if (const auto* text = std::get_if<std::string>(&part)) {
      line += *text;
    } else {
      line += title_of(std::get<const FormatField*>(part)->name);
    }
  }
  return line;
}

std::string Format::apply(const Instance& instance, const FormatContext& context) const {
  std::string line;
  for (const auto& part : parts_) {
    if (const auto* text = std::get_if<std::string>(&part)) {
      line += *text;
    } else {
      line += std::get<const FormatField*>(part)->text(instance, context);
    }
  }
  return line;
}

}  // namespace rollcall::cli
