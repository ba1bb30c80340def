#include "core/json/json_read.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/json/json_fields.hpp"

namespace rollcall {
namespace {

namespace json = boost::json;

RuntimeError not_ours(std::string what) {
  return {.kind = ErrorKind::protocol,
          .fault = ConnectFault::not_this_api,
          .what = std::move(what),
          .remedy = "check that Rollcall answers there, and of what version it is"};
}

InstanceKey read_key(const JsonFields& fields) {
  InstanceKey key;
  fields.text("backend", key.backend);
  fields.text("endpoint", key.endpoint);
  fields.text("id", key.id);
  return key;
}

bool complete(const InstanceKey& key) {
  return !key.backend.empty() && !key.endpoint.empty() && !key.id.empty();
}

Address read_address(const JsonFields& fields) {
  Address address;
  fields.text("ip", address.ip);
  fields.text("network", address.network);
  fields.word("family", address.family);
  return address;
}

PortMapping read_port(const JsonFields& fields) {
  PortMapping port;
  fields.text("host_ip", port.host_ip);
  fields.number("host_port", port.host_port);
  fields.number("container_port", port.container_port);
  fields.word("protocol", port.protocol);
  fields.text("name", port.name);
  fields.word("scope", port.scope);
  return port;
}

Problem read_problem(const JsonFields& fields) {
  Problem problem;
  fields.text("where", problem.where);
  fields.text("what", problem.what);
  fields.number("position", problem.position);
  return problem;
}

Labels read_labels(const JsonFields& fields) {
  std::vector<Labels::Entry> entries;
  for (const auto& [key, value] : fields.raw()) {
    if (const auto* text = value.if_string()) {
      entries.emplace_back(key, std::string_view(text->data(), text->size()));
    } else {
      fields.note(key, "is no text");
    }
  }
  return Labels(entries);
}

// ---- metadata: each value with its source

void read_value(const JsonFields& fields, bool& out) {
  fields.flag("value", out);
}
void read_value(const JsonFields& fields, std::uint16_t& out) {
  fields.number("value", out);
}
void read_value(const JsonFields& fields, std::string& out) {
  fields.text("value", out);
}
void read_value(const JsonFields& fields, std::vector<std::string>& out) {
  fields.texts("value", out);
}

// "10s" or "1500ms", as the writer says it.
void read_value(const JsonFields& fields, std::chrono::milliseconds& out) {
  std::string written;
  fields.text("value", written);
  std::int64_t count = 0;
  std::size_t digits = 0;
  while (digits < written.size() && digits < 15 && written[digits] >= '0' &&
         written[digits] <= '9') {
    count = count * 10 + (written[digits++] - '0');
  }
  const std::string_view unit = std::string_view(written).substr(digits);
  if (digits == 0 || (unit != "s" && unit != "ms")) return fields.note("value", "is no duration");
  out = unit == "s" ? std::chrono::seconds(count) : std::chrono::milliseconds(count);
}

template <class T>
Sourced<T> read_sourced(const JsonFields& fields) {
  Sourced<T> sourced;
  read_value(fields, sourced.value);
  fields.text("source", sourced.source);
  return sourced;
}

template <class T>
void read_maybe(const JsonFields& fields, std::string_view name, Metadata::Maybe<T>& out) {
  fields.object(name, [&](const JsonFields& inner) { out = read_sourced<T>(inner); });
}

Route read_route(const JsonFields& fields) {
  Route route;
  fields.text("name", route.name);
  fields.texts("hosts", route.hosts);
  fields.texts("paths", route.paths);
  fields.number("port", route.port);
  fields.text("scheme", route.scheme);
  fields.flag("tls", route.tls);
  fields.flag("narrowed", route.narrowed);
  fields.text("source", route.source);
  return route;
}

Metadata::Port read_metadata_port(const JsonFields& fields) {
  Metadata::Port port;
  fields.number("port", port.port);
  read_maybe(fields, "enable", port.enable);
  read_maybe(fields, "enable_tcp", port.enable_tcp);
  read_maybe(fields, "enable_udp", port.enable_udp);
  read_maybe(fields, "name", port.name);
  read_maybe(fields, "type", port.type);
  read_maybe(fields, "tags", port.tags);
  return port;
}

void read_groups(const JsonFields& fields, Metadata& metadata) {
  fields.object("health", [&](const JsonFields& health) {
    read_maybe(health, "path", metadata.health.make().path);
    read_maybe(health, "kind", metadata.health.make().kind);
    read_maybe(health, "interval", metadata.health.make().interval);
    read_maybe(health, "timeout", metadata.health.make().timeout);
  });
  fields.object("proxy", [&](const JsonFields& proxy) {
    read_maybe(proxy, "port", metadata.proxy.make().port);
    read_maybe(proxy, "remote", metadata.proxy.make().remote);
  });
  fields.object("target", [&](const JsonFields& target) {
    read_maybe(target, "port", metadata.target.make().port);
    read_maybe(target, "scheme", metadata.target.make().scheme);
    read_maybe(target, "network", metadata.target.make().network);
  });
  fields.object("scrape", [&](const JsonFields& scrape) {
    read_maybe(scrape, "enable", metadata.scrape.make().enable);
    read_maybe(scrape, "port", metadata.scrape.make().port);
    read_maybe(scrape, "path", metadata.scrape.make().path);
    read_maybe(scrape, "scheme", metadata.scrape.make().scheme);
  });
  fields.object("display", [&](const JsonFields& display) {
    read_maybe(display, "group", metadata.display.make().group);
    read_maybe(display, "icon", metadata.display.make().icon);
    read_maybe(display, "href", metadata.display.make().href);
    read_maybe(display, "description", metadata.display.make().description);
  });
}

Metadata read_metadata(const JsonFields& fields) {
  Metadata metadata;
  read_maybe(fields, "enable", metadata.enable);
  read_maybe(fields, "announce", metadata.announce);
  read_maybe(fields, "type", metadata.type);
  read_maybe(fields, "name", metadata.name);
  read_maybe(fields, "dns_name", metadata.dns_name);
  fields.object("txt", [&](const JsonFields& txt) {
    for (const auto& entry : txt.raw()) {
      const std::string key = entry.key();
      txt.object(key, [&](const JsonFields& value) {
        metadata.txt.push_back({key, read_sourced<std::string>(value)});
      });
    }
  });
  read_groups(fields, metadata);
  read_maybe(fields, "certmesh", metadata.certmesh);
  read_maybe(fields, "tags", metadata.tags);
  fields.objects(
      "ports", [&](const JsonFields& port) { metadata.ports.push_back(read_metadata_port(port)); });
  fields.objects("routes",
                 [&](const JsonFields& route) { metadata.routes.push_back(read_route(route)); });
  return metadata;
}

void read_details(const JsonFields& fields, Instance& instance) {
  const auto names = {"description", "definition", "user", "command", "pid", "restarts"};
  if (std::ranges::none_of(names, [&](const char* name) { return fields.find(name); })) return;
  Details details;
  fields.text("description", details.description);
  fields.text("definition", details.definition);
  fields.text("user", details.user);
  fields.texts("command", details.command);
  fields.number("pid", details.pid);
  fields.number("restarts", details.restarts);
  instance.details = std::make_shared<const Details>(std::move(details));
}

void read_place(const JsonFields& fields, Instance& instance) {
  fields.word("network_mode", instance.network_mode);
  fields.text("network_owner", instance.network_owner);
  fields.text("reason", instance.reason);
  fields.text("image", instance.image);
  fields.text("group", instance.group);
  fields.text("service", instance.service);
  fields.text("node", instance.node);
}

void read_all(const JsonFields& fields, Instance& instance) {
  fields.text("name", instance.name);
  fields.word("kind", instance.kind);
  fields.word("state", instance.state);
  fields.word("health", instance.health);
  read_place(fields, instance);
  fields.objects("addresses",
                 [&](const JsonFields& f) { instance.addresses.push_back(read_address(f)); });
  fields.objects("ports", [&](const JsonFields& f) { instance.ports.push_back(read_port(f)); });
  fields.object("labels", [&](const JsonFields& f) { instance.labels = read_labels(f); });
  fields.object("metadata", [&](const JsonFields& f) {
    instance.metadata = std::make_shared<const Metadata>(read_metadata(f));
  });
  read_details(fields, instance);
  fields.objects("problems",
                 [&](const JsonFields& f) { instance.problems.push_back(read_problem(f)); });
  fields.time("created_at", instance.created_at);
  fields.time("started_at", instance.started_at);
  std::optional<Timestamp> discovered;
  fields.time("discovered_at", discovered);
  if (discovered) instance.discovered_at = *discovered;
}

Cause read_cause(const JsonFields& fields) {
  Cause cause = Cause::live;
  fields.word("cause", cause);
  return cause;
}

Result<RuntimeEvent> read_told(std::string_view type, const JsonFields& fields) {
  const json::value* written = fields.find("instance");
  if (written == nullptr) return fail(not_ours(fmt::format("a '{}' has no instance", type)));
  auto instance = read_instance(*written);
  if (!instance) return fail(std::move(instance.error()));
  const Cause cause = read_cause(fields);
  if (type == "started") return RuntimeEvent{Started{std::move(*instance), cause}};
  return RuntimeEvent{Updated{std::move(*instance), cause}};
}

Result<RuntimeEvent> read_stopped(const JsonFields& fields, const LastTold& last_told) {
  Stopped stopped;
  InstanceKey key;
  fields.object("key", [&](const JsonFields& inner) { key = read_key(inner); });
  if (!complete(key)) return fail(not_ours("a 'stopped' has no complete key"));
  stopped.id = key.id;
  fields.text("name", stopped.name);
  stopped.cause = read_cause(fields);
  stopped.last = last_told(key);
  if (!stopped.last) {
    Instance last;
    last.key = std::move(key);
    last.name = stopped.name;
    stopped.last = std::make_shared<const Instance>(std::move(last));
  }
  return RuntimeEvent{std::move(stopped)};
}

}  // namespace

Result<InstancePtr> read_instance(const json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) return fail(not_ours("an instance is no JSON object"));
  Instance instance;
  std::vector<Problem> problems;
  const JsonFields fields(*object, problems);
  fields.object("key", [&](const JsonFields& inner) { instance.key = read_key(inner); });
  if (!complete(instance.key)) return fail(not_ours("an instance has no complete key"));
  read_all(fields, instance);
  if (!problems.empty()) {
    instance.problems.insert(instance.problems.end(), problems.begin(), problems.end());
    std::ranges::sort(instance.problems);
  }
  return std::make_shared<const Instance>(std::move(instance));
}

Result<RuntimeEvent> read_event(const json::value& value, const LastTold& last_told) {
  const auto* object = value.if_object();
  if (object == nullptr) return fail(not_ours("an event is no JSON object"));
  std::vector<Problem> unread;  // an event has no place for notes, and none that matters
  const JsonFields fields(*object, unread);
  std::string type;
  fields.text("type", type);
  if (type == "started" || type == "updated") return read_told(type, fields);
  if (type == "stopped") return read_stopped(fields, last_told);
  BackendReconnected engine;
  fields.text("backend", engine.backend);
  fields.text("endpoint", engine.endpoint);
  if (type == "backend_reconnected") return RuntimeEvent{std::move(engine)};
  if (type == "backend_disconnected") {
    BackendDisconnected event{std::move(engine.backend), std::move(engine.endpoint), {}};
    fields.text("reason", event.reason);
    return RuntimeEvent{std::move(event)};
  }
  return fail(not_ours(fmt::format("'{}' is no type of event that this version knows", type)));
}

}  // namespace rollcall
