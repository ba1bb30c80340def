#include "cli/view/table.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "cli/view/text_width.hpp"

namespace rollcall::cli {
namespace {

constexpr std::size_t gap = 2;

std::string_view escape_of(Style style) {
  switch (style) {
    case Style::plain:
      return "";
    case Style::bold:
      return "\x1b[1m";
    case Style::dim:
      return "\x1b[2m";
    case Style::green:
      return "\x1b[32m";
    case Style::yellow:
      return "\x1b[33m";
    case Style::red:
      return "\x1b[31m";
  }
  return "";
}

std::vector<std::size_t> natural_widths(const Table& table) {
  std::vector<std::size_t> widths;
  widths.reserve(table.columns.size());
  for (const Column& column : table.columns) widths.push_back(display_width(column.title));
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i].text));
    }
  }
  return widths;
}

std::size_t total(const std::vector<std::size_t>& widths) {
  return std::accumulate(widths.begin(), widths.end(), gap * (widths.size() - 1));
}

/// The table without its empty columns.
Table without_empty_columns(const Table& table) {
  Table rest{.columns = {}, .rows = std::vector<std::vector<Cell>>(table.rows.size())};
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const auto is_empty = [i](const std::vector<Cell>& row) { return row[i].text == "-"; };
    if (std::ranges::all_of(table.rows, is_empty)) continue;
    rest.columns.push_back(table.columns[i]);
    for (std::size_t j = 0; j < table.rows.size(); ++j) rest.rows[j].push_back(table.rows[j][i]);
  }
  return rest;
}

void shrink_to(std::size_t limit, const std::vector<Column>& columns,
               std::vector<std::size_t>& widths) {
  while (total(widths) > limit) {
    std::size_t widest = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (widths[i] <= columns[i].narrowest) continue;
      if (widest == widths.size() || widths[i] > widths[widest]) widest = i;
    }
    if (widest == widths.size()) return;
    --widths[widest];
  }
}

/// One line of at most `limit` columns. The last cell is not padded.
std::string line_of(const std::vector<Cell>& cells, const std::vector<std::size_t>& widths,
                    std::size_t limit, bool colour) {
  std::string line;
  std::size_t used = 0;
  std::size_t padding = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (used + padding >= limit) break;
    line.append(padding, ' ');
    used += padding;
    const std::string text = truncated(cells[i].text, std::min(widths[i], limit - used));
    const std::size_t columns = display_width(text);
    line += styled(text, cells[i].style, colour);
    used += columns;
    padding = widths[i] - std::min(widths[i], columns) + gap;
  }
  line += '\n';
  return line;
}

}  // namespace

std::string styled(std::string_view text, Style style, bool colour) {
  if (!colour || style == Style::plain || text.empty()) return std::string(text);
  return std::string(escape_of(style)) + std::string(text) + "\x1b[0m";
}

std::string render_table(const Table& table, std::size_t width, bool colour) {
  if (table.columns.empty()) return {};
  const std::size_t limit = width == 0 ? std::numeric_limits<std::size_t>::max() : width;
  std::vector<std::size_t> widths = natural_widths(table);
  if (total(widths) > limit && !table.rows.empty()) {
    const Table rest = without_empty_columns(table);
    if (rest.columns.size() < table.columns.size()) return render_table(rest, width, colour);
  }
  shrink_to(limit, table.columns, widths);

  std::vector<Cell> header;
  for (const Column& column : table.columns) header.push_back({column.title, Style::bold});
  std::string text = line_of(header, widths, limit, colour);
  for (const auto& row : table.rows) text += line_of(row, widths, limit, colour);
  return text;
}

}  // namespace rollcall::cli
