#include "cli/list_view.hpp"

#include <algorithm>
#include <tuple>

#include "cli/document.hpp"

namespace rollcall::cli {
namespace {

std::string sort_text(const Instance& instance, SortKey key) {
  switch (key) {
    case SortKey::runtime:
      return instance.key.backend;
    case SortKey::state:
      return std::string(to_string(instance.state));
    case SortKey::image:
      return instance.image;
    case SortKey::group:
      return instance.group;
    case SortKey::name:
    case SortKey::age:
      break;
  }
  return {};
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

std::string lines(const std::vector<InstancePtr>& instances, const Format& format,
                  const FormatContext& context) {
  std::string text;
  for (const InstancePtr& instance : instances) text += format.apply(*instance, context) + "\n";
  return text;
}

}  // namespace

void sort_instances(std::vector<InstancePtr>& instances, SortKey key) {
  const auto order = [key](const InstancePtr& instance) {
    Timestamp::duration youngest_first{};
    if (key == SortKey::age) {
      const auto& since = instance->created_at ? instance->created_at : instance->started_at;
      youngest_first = since ? -since->time_since_epoch() : Timestamp::duration::max();
    }
    return std::tuple(youngest_first, sort_text(*instance, key), instance->name, instance->key);
  };
  std::ranges::sort(instances, {}, order);
}

std::string list_view(const std::vector<InstancePtr>& instances, const Options& options,
                      const FormatContext& context, std::size_t width, bool colour) {
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
