#include "backends/docker_api/decode.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "backends/docker_api/list_item.hpp"
#include "core/json/json_walk.hpp"
#include "core/secrets/secrets.hpp"

namespace rollcall::docker_api {
namespace {

using json_walk::each_element;
using json_walk::each_field;
using json_walk::read_integer;
using json_walk::read_text;
using simdjson::error_code;
using Value = simdjson::ondemand::value;

// Fills a ListItem from one JSON object. A field of the wrong type becomes a problem; broken JSON
// is an error.
class ItemReader {
 public:
  explicit ItemReader(ListItem& item) : item_(item) {}

  error_code operator()(std::string_view key, Value value) {
    if (key == "Id") return text(value, "Id", item_.id);
    if (key == "Names") return names(value);
    if (key == "Image") return text(value, "Image", item_.image);
    if (key == "State") return text(value, "State", item_.state);
    if (key == "Status") return text(value, "Status", item_.status);
    if (key == "Created") return integer(value, "Created", item_.created);
    if (key == "Health") return health(value);
    if (key == "HostConfig") return host_config(value);
    if (key == "NetworkSettings") return network_settings(value);
    if (key == "Ports") return ports(value);
    if (key == "Labels") return labels(value);
    return simdjson::SUCCESS;
  }

 private:
  error_code names(Value value) {
    item_.names.clear();
    return note("Names", "a list of texts", each_element(value, [this](Value element) {
                  std::string_view name;
                  const auto error = text(element, "Names", name);
                  if (!name.empty()) item_.names.push_back(name);
                  return error;
                }));
  }

  error_code health(Value value) {
    return note("Health", "an object", each_field(value, [this](std::string_view key, Value child) {
                  if (key != "Status") return simdjson::SUCCESS;
                  return text(child, "Health.Status", item_.health);
                }));
  }

  error_code host_config(Value value) {
    return note("HostConfig", "an object",
                each_field(value, [this](std::string_view key, Value child) {
                  if (key != "NetworkMode") return simdjson::SUCCESS;
                  return text(child, "HostConfig.NetworkMode", item_.network_mode);
                }));
  }

  error_code network_settings(Value value) {
    return note("NetworkSettings", "an object",
                each_field(value, [this](std::string_view key, Value child) {
                  return key == "Networks" ? networks(child) : simdjson::SUCCESS;
                }));
  }

  error_code networks(Value value) {
    item_.networks.clear();
    return note("NetworkSettings.Networks", "an object",
                each_field(value, [this](std::string_view name, Value child) {
                  return network(name, child);
                }));
  }

  error_code network(std::string_view name, Value value) {
    ListItem::Network network{.name = name, .ipv4 = {}, .ipv6 = {}};
    const auto error = each_field(value, [&](std::string_view key, Value child) {
      if (key == "IPAddress") return text(child, "IPAddress", network.ipv4);
      if (key == "GlobalIPv6Address") return text(child, "GlobalIPv6Address", network.ipv6);
      return simdjson::SUCCESS;
    });
    item_.networks.push_back(network);
    return note("NetworkSettings.Networks", "an object of objects", error);
  }

  error_code ports(Value value) {
    item_.ports.clear();
    return note("Ports", "a list",
                each_element(value, [this](Value child) { return port(child); }));
  }

  error_code port(Value value) {
    ListItem::Port port;
    const auto error = each_field(value, [&](std::string_view key, Value child) {
      if (key == "IP") return text(child, "Ports.IP", port.ip);
      if (key == "PrivatePort") return integer(child, "Ports.PrivatePort", port.container_port);
      if (key == "PublicPort") return integer(child, "Ports.PublicPort", port.host_port);
      if (key == "Type") return text(child, "Ports.Type", port.protocol);
      return simdjson::SUCCESS;
    });
    if (error == simdjson::SUCCESS) item_.ports.push_back(port);
    return note("Ports", "a list of objects", error);
  }

  error_code labels(Value value) {
    item_.labels.clear();
    return note("Labels", "an object", each_field(value, [this](std::string_view key, Value child) {
                  std::string_view label;
                  const auto error = read_text(child, label);
                  if (error == simdjson::SUCCESS) item_.labels.emplace_back(key, label);
                  const bool wrong = error == simdjson::INCORRECT_TYPE;
                  return note(wrong ? fmt::format("Labels.{}", quotation(key)) : "Labels", "a text",
                              error);
                }));
  }

  error_code text(Value value, std::string_view where, std::string_view& out) {
    return note(where, "a text", read_text(value, out));
  }

  error_code integer(Value value, std::string_view where, std::int64_t& out) {
    return note(where, "a whole number", read_integer(value, out));
  }

  // Turns a wrong type into a problem; passes every other result on.
  error_code note(std::string_view where, std::string_view expected, error_code error) {
    if (error != simdjson::INCORRECT_TYPE) return error;
    item_.problems.push_back(
        {.where = std::string(where), .what = fmt::format("is not {}", expected)});
    return simdjson::SUCCESS;
  }

  ListItem& item_;
};

bool is_plain(std::string_view id) {
  return std::ranges::all_of(id, [](char c) { return c > ' ' && c <= '~' && c != '\\'; });
}

DecodedContainer undecodable(std::string_view id, error_code error) {
  DecodedContainer decoded;
  decoded.instance.key.id = id;
  decoded.instance.state = InstanceState::unknown;
  decoded.instance.problems.push_back(
      {.where = "container",
       .what = fmt::format("the engine's answer is not valid JSON: {}",
                           simdjson::error_message(error))});
  return decoded;
}

}  // namespace

struct ContainerDecoder::Parser {
  json_walk::ObjectReader reader;
  ListItem fields;
};

ContainerDecoder::ContainerDecoder(std::string backend, std::string endpoint, Masker masker)
    : parser_(std::make_unique<Parser>()),
      backend_(std::move(backend)),
      endpoint_(std::move(endpoint)),
      masker_(masker) {}

ContainerDecoder::~ContainerDecoder() = default;

Result<DecodedContainer> ContainerDecoder::decode(std::string_view item, Timestamp discovered_at) {
  ListItem& fields = parser_->fields;
  fields.clear();
  const error_code error = parser_->reader.read(item, ItemReader(fields));
  if (parser_->reader.repaired()) {
    fields.problems.push_back(
        {.where = "container",
         .what = "the engine's answer is not UTF-8: each bad byte was replaced by U+FFFD"});
  }
  std::string_view id = fields.id;
  if (error && id.empty()) id = json_walk::salvage_text(item, "Id");
  if (id.empty() || !is_plain(id)) {
    std::string what =
        fmt::format("the engine lists a container without an id: \"{}\"", quotation(item));
    return fail({.kind = ErrorKind::protocol,
                 .endpoint = endpoint_,
                 .what = std::move(what),
                 .remedy = {}});
  }
  DecodedContainer decoded = error ? undecodable(id, error) : interpret(fields, masker_);
  decoded.instance.key.backend = backend_;
  decoded.instance.key.endpoint = endpoint_;
  decoded.instance.discovered_at = discovered_at;
  return decoded;
}

}  // namespace rollcall::docker_api
