// The only file that includes the TOML reader: it is header-only and takes seconds to compile.
#include <optional>
#include <utility>

#include <fmt/format.h>

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include "backends/podman/connections.hpp"
#include "core/text/ascii.hpp"
#include "core/text/text.hpp"

namespace rollcall::podman {
namespace {

template <class Value>
using Said = std::expected<Value, std::string>;

/// Finds a field as Podman does: ignoring case, but an exact match wins.
const toml::node* field(const toml::table& table, std::string_view name) {
  if (const toml::node* exact = table.get(name)) return exact;
  for (const auto& [key, value] : table) {
    if (lower_case(key.str()) == name) return &value;
  }
  return nullptr;
}

/// Returns null if the table is missing.
Said<const toml::table*> table_in(const toml::table& table, std::string_view name) {
  const toml::node* node = field(table, name);
  if (node == nullptr) return nullptr;
  if (const toml::table* found = node->as_table()) return found;
  return std::unexpected(fmt::format("{} is no table (line {})", name, node->source().begin.line));
}

Said<std::optional<std::string>> text_in(const toml::table& table, std::string_view name) {
  const toml::node* node = field(table, name);
  if (node == nullptr) return std::nullopt;
  if (const auto* text = node->as_string()) return text->get();
  return std::unexpected(fmt::format("{} is no text (line {})", name, node->source().begin.line));
}

Said<Destination> read_destination(const toml::node& node) {
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    return std::unexpected(
        fmt::format("a service destination is no table (line {})", node.source().begin.line));
  }
  auto uri = text_in(*table, "uri");
  if (!uri) return std::unexpected(std::move(uri.error()));
  auto identity = text_in(*table, "identity");
  if (!identity) return std::unexpected(std::move(identity.error()));
  return Destination{.uri = uri->value_or(std::string()),
                     .identity = identity->value_or(std::string())};
}

Said<Destinations> read_engine(const toml::table& engine) {
  Destinations all;
  auto active = text_in(engine, "active_service");
  if (!active) return std::unexpected(std::move(active.error()));
  all.default_name = std::move(*active);
  const auto named = table_in(engine, "service_destinations");
  if (!named) return std::unexpected(named.error());
  if (*named == nullptr) return all;
  for (const auto& [name, node] : **named) {
    auto destination = read_destination(node);
    if (!destination) return std::unexpected(std::move(destination.error()));
    all.by_name.insert_or_assign(std::string(name.str()), std::move(*destination));
  }
  return all;
}

}  // namespace

Said<Destinations> read_containers_conf(std::string_view text) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    return std::unexpected(fmt::format("it is no TOML: line {}: {}",
                                       parsed.error().source().begin.line,
                                       excerpt(parsed.error().description(), 160)));
  }
  const auto engine = table_in(parsed.table(), "engine");
  if (!engine) return std::unexpected(engine.error());
  return *engine == nullptr ? Destinations() : read_engine(**engine);
}

}  // namespace rollcall::podman
