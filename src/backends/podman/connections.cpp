#include "backends/podman/connections.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "core/ascii.hpp"

namespace rollcall::podman {
namespace {

constexpr std::string_view destinations = "engine.service_destinations.";

std::string text_of(const boost::json::value& object, std::string_view key) {
  const auto* fields = object.if_object();
  const auto* value = fields == nullptr ? nullptr : fields->if_contains(key);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

std::vector<Connection> in_order(std::vector<Connection> all, const std::string& default_name) {
  for (Connection& connection : all) connection.is_default = connection.name == default_name;
  std::erase_if(all, [](const Connection& connection) { return connection.uri.empty(); });
  std::ranges::sort(all, {}, [](const Connection& c) { return std::tuple(!c.is_default, c.name); });
  return all;
}

/// "x" or 'x' -> x. Names and URLs need no escapes.
std::string_view unquoted(std::string_view text) {
  if (text.empty() || (text.front() != '"' && text.front() != '\'')) return text;
  return text.substr(1, text.find(text.front(), 1) - 1);
}

/// The name in "[engine.service_destinations.NAME]"; empty for another table.
std::string_view destination_in(std::string_view table) {
  if (!table.starts_with(destinations)) return {};
  return unquoted(table.substr(destinations.size()));
}

}  // namespace

std::vector<Connection> read_connections_json(std::string_view text) {
  boost::system::error_code ec;
  const auto json = boost::json::parse(text, ec);
  const auto* root = ec ? nullptr : json.if_object();
  const auto* group = root == nullptr ? nullptr : root->if_contains("Connection");
  if (group == nullptr || !group->is_object()) return {};
  std::vector<Connection> all;
  if (const auto* named = group->get_object().if_contains("Connections");
      named != nullptr && named->is_object()) {
    for (const auto& [name, connection] : named->get_object()) {
      all.push_back({.name = std::string(name),
                     .uri = text_of(connection, "URI"),
                     .identity = text_of(connection, "Identity")});
    }
  }
  return in_order(std::move(all), text_of(*group, "Default"));
}

std::vector<Connection> read_containers_conf(std::string_view text) {
  std::vector<Connection> all;
  std::string default_name;
  std::string_view table;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.starts_with('[')) {
      table = trimmed(line.substr(1, line.find(']') - 1));
      if (const auto name = destination_in(table); !name.empty()) {
        all.push_back({.name = std::string(name), .uri = {}});
      }
      continue;
    }
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = trimmed(line.substr(0, equals));
    const std::string_view value = unquoted(trimmed(line.substr(equals + 1)));
    if (table == "engine" && key == "active_service") default_name = value;
    if (destination_in(table).empty()) continue;
    if (key == "uri") all.back().uri = value;
    if (key == "identity") all.back().identity = value;
  }
  return in_order(std::move(all), default_name);
}

}  // namespace rollcall::podman
