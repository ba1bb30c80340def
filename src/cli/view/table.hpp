// A table of text for a terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall::cli {

enum class Style : std::uint8_t { plain, bold, dim, green, yellow, red };

/// The text between the escape sequences of its style; unchanged without colour.
std::string styled(std::string_view text, Style style, bool colour);

struct Column {
  std::string title;
  std::size_t narrowest = 0;  ///< The column is not cut below this width to make the table fit.
};

struct Cell {
  std::string text;
  Style style = Style::plain;
};

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  ///< Each has one cell per column.
};

/// A header and one line per row, in columns two spaces apart.
///
/// If `width` is not 0, no line is wider: empty columns are dropped first, then the widest columns
/// are cut, none below its `narrowest`, and at last the line itself.
std::string render_table(const Table& table, std::size_t width, bool colour);

}  // namespace rollcall::cli
