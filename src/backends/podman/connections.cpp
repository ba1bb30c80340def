#include "backends/podman/connections.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <boost/json/parser.hpp>
#include <boost/json/value.hpp>

#include "core/json/go_json.hpp"

namespace rollcall::podman {
namespace {

namespace json = boost::json;

/// The first JSON value of the text: Podman ignores what follows it.
std::expected<json::object, std::string> first_object(std::string_view text) {
  json::parser parser;
  boost::system::error_code ec;
  parser.write_some(text.data(), text.size(), ec);
  if (ec) return std::unexpected("it is no JSON");
  const json::value value = parser.release();
  if (!value.is_object()) return std::unexpected("it is no JSON object");
  return value.get_object();
}

std::expected<Destination, std::string> read_destination(const json::value& value) {
  if (!value.is_object()) return std::unexpected("a connection is no object");
  const GoFields fields(value.get_object());
  auto uri = fields.text("URI");
  if (!uri) return std::unexpected(std::move(uri.error()));
  auto identity = fields.text("Identity");
  if (!identity) return std::unexpected(std::move(identity.error()));
  return Destination{.uri = std::move(*uri), .identity = std::move(*identity)};
}

}  // namespace

void Destinations::add(Destinations other) {
  other.by_name.merge(by_name);
  by_name = std::move(other.by_name);
  if (other.default_name) default_name = std::move(other.default_name);
}

std::expected<Destinations, std::string> read_connections_json(std::string_view text) {
  const auto root = first_object(text);
  if (!root) return std::unexpected(root.error());
  const auto group = GoFields(*root).object("Connection");
  if (!group) return std::unexpected(group.error());
  const GoFields fields(*group);
  auto default_name = fields.text("Default");
  if (!default_name) return std::unexpected(std::move(default_name.error()));
  const auto named = fields.object("Connections");
  if (!named) return std::unexpected(named.error());
  Destinations all;
  if (!default_name->empty()) all.default_name = std::move(*default_name);
  for (const auto& [name, value] : *named) {
    auto destination = read_destination(value);
    if (!destination) return std::unexpected(std::move(destination.error()));
    all.by_name.insert_or_assign(std::string(name), std::move(*destination));
  }
  return all;
}

std::vector<Connection> joined(const Destinations& configured, const Destinations& own) {
  Destinations every = configured;
  every.add(own);
  const std::string default_name = every.default_name.value_or(std::string());
  std::vector<Connection> all;
  for (const auto& [name, destination] : every.by_name) {
    if (destination.uri.empty()) continue;
    all.push_back({.name = name,
                   .uri = destination.uri,
                   .identity = destination.identity,
                   .is_default = name == default_name});
  }
  std::ranges::sort(all, {}, [](const Connection& c) { return std::tuple(!c.is_default, c.name); });
  return all;
}

}  // namespace rollcall::podman
