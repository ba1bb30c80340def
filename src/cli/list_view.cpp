#include "cli/list_view.hpp"

#include <algorithm>
#include <compare>

#include "cli/view/document.hpp"
#include "core/sort_by_text.hpp"

namespace rollcall::cli {
namespace {

/// When it was created or started; the earliest time if unknown.
Timestamp since(const Instance& instance) {
  return instance.created_at.value_or(instance.started_at.value_or(Timestamp::min()));
}

/// Compares by the user's sort key only.
std::strong_ordering order_by(SortKey key, const Instance& a, const Instance& b) {
  switch (key) {
    case SortKey::runtime:
      return a.key.backend <=> b.key.backend;
    case SortKey::state:
      return to_string(a.state) <=> to_string(b.state);
    case SortKey::image:
      return a.image <=> b.image;
    case SortKey::group:
      return a.group <=> b.group;
    case SortKey::age:
      return since(b) <=> since(a);  // the youngest first, those of unknown age last
    case SortKey::name:
      break;
  }
  return std::strong_ordering::equal;
}

std::string table(const std::vector<InstancePtr>& instances, const Options& options,
                  const FormatContext& context, std::size_t width, bool colour) {
  const bool wide = options.output == Output::wide;
  Table table{.columns = {{"NAME", 8},
                          {"RUNTIME", 7},
                          {"STATE", 9},
                          {"IMAGE", 8},
                          {"ADDRESSES", 10},
                          {"PORTS", 8},
                          {"GROUP", 5},
                          {"AGE", 3}},
              .rows = {}};
  if (wide) table.columns.insert(table.columns.end(), {{"KIND"}, {"NODE"}, {"ID"}, {"ENDPOINT"}});
  const Detail detail = wide ? Detail::full : context.detail;
  for (const InstancePtr& i : instances) {
    std::vector<Cell> row = {{or_dash(i->name), Style::bold},
                             {or_dash(i->key.backend)},
                             {state_text(*i), state_style(*i)},
                             {image_text(*i, context.detail)},
                             {addresses_text(*i, detail, context.name_of)},
                             {ports_text(*i)},
                             {or_dash(i->group)},
                             {age_text(*i, context.now)}};
    if (wide) {
      const std::string id = context.detail == Detail::full ? i->key.id : short_id(i->key.id);
      row.insert(row.end(), {{std::string(to_string(i->kind))},
                             {or_dash(i->node)},
                             {or_dash(id)},
                             {or_dash(i->key.endpoint)}});
    }
    table.rows.push_back(std::move(row));
  }
  return render_table(table, width, colour);
}

/// The cells of a line, split at tabs. A missing last cell is empty.
std::vector<std::string> cells_of(std::string_view line, std::size_t count) {
  std::vector<std::string> cells;
  while (cells.size() + 1 < count) {
    const std::size_t end = std::min(line.find('\t'), line.size());
    cells.emplace_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  cells.emplace_back(line);
  return cells;
}

std::string formatted_table(const std::vector<InstancePtr>& instances, const Format& format,
                            const FormatContext& context, std::size_t width, bool colour) {
  const std::string header = format.header();
  const auto count = static_cast<std::size_t>(std::ranges::count(header, '\t')) + 1;
  Table table;
  for (std::string& title : cells_of(header, count)) table.columns.push_back({std::move(title)});
  for (const InstancePtr& instance : instances) {
    std::vector<Cell> row;
    for (std::string& text : cells_of(format.apply(*instance, context), count)) {
      row.push_back({std::move(text)});
    }
    table.rows.push_back(std::move(row));
  }
  return render_table(table, width, colour);
}

std::string lines(const std::vector<InstancePtr>& instances, const Format& format,
                  const FormatContext& context) {
  std::string text;
  for (const InstancePtr& instance : instances) text += format.apply(*instance, context) + "\n";
  return text;
}

}  // namespace

void sort_instances(std::vector<InstancePtr>& instances, SortKey key) {
  const auto by_key = [](const InstancePtr& a, const InstancePtr& b) { return a->key < b->key; };
  if (key == SortKey::name) {
    const auto name = [](const InstancePtr& i) -> std::string_view { return i->name; };
    return sort_by_text(instances, name, by_key);
  }
  const auto before = [key, by_key](const InstancePtr& a, const InstancePtr& b) {
    if (const auto order = order_by(key, *a, *b); order != 0) return order < 0;
    if (const auto order = a->name <=> b->name; order != 0) return order < 0;
    return by_key(a, b);
  };
  std::ranges::sort(instances, before);
}

std::string list_view(const std::vector<InstancePtr>& instances, const Options& options,
                      const FormatContext& context, std::size_t width, bool colour) {
  if (options.format && options.format->is_table()) {
    return formatted_table(instances, *options.format, context, width, colour);
  }
  if (options.format) return lines(instances, *options.format, context);
  if (options.quiet) {
    const auto id = Format::parse("{{.ID}}");
    return lines(instances, *id, context);
  }
  switch (options.output) {
    case Output::json:
      return json_document(instances);
    case Output::jsonl:
      return json_lines(instances);
    case Output::yaml:
      return yaml_document(instances);
    case Output::table:
    case Output::wide:
      break;
  }
  return table(instances, options, context, width, colour);
}

}  // namespace rollcall::cli
