#include "cli/view/document.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>

#include "core/json/json.hpp"
#include "core/json/json_text.hpp"
#include "core/text/ascii.hpp"
#include "core/text/code_points.hpp"

namespace rollcall::cli {
namespace {

namespace json = boost::json;

json::value instances_value(std::span<const InstancePtr> instances) {
  json::array all;
  all.reserve(instances.size());
  for (const InstancePtr& instance : instances) all.emplace_back(to_json(*instance));
  return json::object{{"instances", std::move(all)}};
}

bool is_word_of_yaml(std::string_view text) {
  // YAML 1.1 takes these for values of another type, in any case.
  constexpr auto words = std::to_array<std::string_view>(
      {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"});
  return std::ranges::find(words, lower_case(text)) != words.end();
}

/// Whether every YAML reader reads the bare text as the same text.
bool is_plain(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto safe = [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || std::string_view("_./@:-").contains(c);
  };
  return !text.empty() && letter(text.front()) && text.back() != ':' &&
         std::ranges::all_of(text, safe) && !is_word_of_yaml(text);
}

/// Whether a terminal would act on a part of the text, or YAML forbids it unquoted.
bool has_active(std::string_view text) {
  bool found = false;
  each_code_point(text, [&found](std::string_view, const std::optional<CodePoint>& point) {
    found = !point || is_active(point->value);
    return !found;
  });
  return found;
}

void emit_text(YAML::Emitter& out, std::string_view text) {
  if (!is_plain(text)) out << YAML::DoubleQuoted;
  if (has_active(text)) out << YAML::EscapeNonAscii;
  out << std::string(text);
}

void emit(YAML::Emitter& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      out << YAML::Null;
      break;
    case json::kind::bool_:
      out << value.get_bool();
      break;
    case json::kind::int64:
      out << value.get_int64();
      break;
    case json::kind::uint64:
      out << value.get_uint64();
      break;
    case json::kind::double_:
      out << value.get_double();
      break;
    case json::kind::string:
      emit_text(out, value.get_string());
      break;
    case json::kind::array:
      if (value.get_array().empty()) out << YAML::Flow;
      out << YAML::BeginSeq;
      for (const json::value& element : value.get_array()) emit(out, element);
      out << YAML::EndSeq;
      break;
    case json::kind::object:
      out << YAML::BeginMap;
      for (const auto& [key, element] : value.get_object()) {
        out << YAML::Key;
        emit_text(out, key);
        out << YAML::Value;
        emit(out, element);
      }
      out << YAML::EndMap;
      break;
  }
}

/// The elements of an array or object, one per line.
template <class Elements, class Write>
void append_elements(std::string& out, char open, char close, const Elements& elements,
                     std::size_t indent, const Write& write) {
  out += open;
  bool first = true;
  for (const auto& element : elements) {
    out += first ? "\n" : ",\n";
    out.append(indent + 2, ' ');
    write(element);
    first = false;
  }
  if (!first) {
    out += '\n';
    out.append(indent, ' ');
  }
  out += close;
}

void append_indented(std::string& out, const json::value& value, std::size_t indent) {
  if (const auto* array = value.if_array()) {
    append_elements(out, '[', ']', *array, indent,
                    [&](const json::value& element) { append_indented(out, element, indent + 2); });
  } else if (const auto* object = value.if_object()) {
    append_elements(out, '{', '}', *object, indent, [&](const json::key_value_pair& member) {
      append_json_string(out, member.key());
      out += ": ";
      append_indented(out, member.value(), indent + 2);
    });
  } else if (const auto* text = value.if_string()) {
    append_json_string(out, *text);
  } else {
    out += serialized(value);
  }
}

}  // namespace

std::string indented_json(const json::value& value) {
  std::string text;
  append_indented(text, value, 0);
  text += '\n';
  return text;
}

std::string json_document(std::span<const InstancePtr> instances) {
  // One instance at a time: a long list as JSON values takes three times the memory of its text.
  std::string text = "{\n  \"instances\": ";
  append_elements(text, '[', ']', instances, 2, [&text](const InstancePtr& instance) {
    append_indented(text, to_json(*instance), 4);
  });
  text += "\n}\n";
  return text;
}

std::string json_lines(std::span<const InstancePtr> instances) {
  std::string lines;
  for (const InstancePtr& instance : instances) {
    append_json(lines, *instance);
    lines += '\n';
  }
  return lines;
}

std::string yaml_document(std::span<const InstancePtr> instances) {
  YAML::Emitter out;
  emit(out, instances_value(instances));
  return std::string(out.c_str()) + "\n";
}

}  // namespace rollcall::cli
