#include "core/json/json.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <concepts>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/parse.hpp>

#include "core/json/json_text.hpp"
#include "core/labels/metadata_values.hpp"
#include "core/text/text.hpp"

namespace rollcall {
namespace {

void append(std::string& out, std::string_view foreign) {
  append_json_string(out, foreign);
}

void append(std::string& out, const std::string& text) {
  append(out, std::string_view(text));
}

void append(std::string& out, bool value) {
  out += value ? "true" : "false";
}

void append(std::string& out, std::integral auto number) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
  out.append(digits.data(), end);
}

void append(std::string& out, std::chrono::milliseconds value) {
  append(out, value_text(value));
}

void append(std::string& out, const std::vector<std::string>& texts) {
  out += '[';
  for (const std::string& text : texts) {
    if (&text != texts.data()) out += ',';
    append(out, text);
  }
  out += ']';
}

template <class T>
void append(std::string& out, const Sourced<T>& sourced);
void append(std::string& out, const InstanceKey& key);
void append(std::string& out, const Address& address);
void append(std::string& out, const PortMapping& port);
void append(std::string& out, const Problem& problem);
void append(std::string& out, const Metadata::Port& port);
void append(std::string& out, const Route& route);
void append(std::string& out, const Instance& instance);

/// Writes an object; the destructor writes the closing bracket.
class Object {
 public:
  /// `wanted`: the only members to write; null: all.
  explicit Object(std::string& out, const std::set<std::string_view>* wanted = nullptr)
      : out_(out), wanted_(wanted) {
    out_ += '{';
  }
  ~Object() { out_ += '}'; }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  [[nodiscard]] bool empty() const { return empty_; }

  template <class Value>
  void put(std::string_view key, const Value& value) {
    if (!wants(key)) return;
    append(begin(key), value);
  }

  /// The text, unless it is empty.
  void put_text(std::string_view key, std::string_view foreign) {
    if (!foreign.empty()) put(key, foreign);
  }

  void put_time(std::string_view key, const std::optional<Timestamp>& time) {
    if (time) put(key, std::string_view(to_rfc3339(*time)));
  }

  /// An object with what `fill` puts into it, unless that is nothing.
  template <class Fill>
  void put_object(std::string_view key, Fill fill) {
    if (!wants(key)) return;
    const std::size_t before = out_.size();
    const bool was_empty = empty_;
    bool nothing = false;
    {
      Object object(begin(key));
      fill(object);
      nothing = object.empty();
    }
    if (!nothing) return;
    out_.resize(before);
    empty_ = was_empty;
  }

  /// The list, unless it is empty.
  template <class T>
  void put_list(std::string_view key, const std::vector<T>& list) {
    if (list.empty() || !wants(key)) return;
    begin(key) += '[';
    for (const T& element : list) {
      if (&element != list.data()) out_ += ',';
      append(out_, element);
    }
    out_ += ']';
  }

 private:
  [[nodiscard]] bool wants(std::string_view key) const {
    return wanted_ == nullptr || wanted_->contains(key);
  }

  std::string& begin(std::string_view key) {
    if (!std::exchange(empty_, false)) out_ += ',';
    append(out_, key);
    out_ += ':';
    return out_;
  }

  std::string& out_;
  const std::set<std::string_view>* wanted_;
  bool empty_ = true;
};

void append(std::string& out, const InstanceKey& key) {
  Object object(out);
  object.put("backend", key.backend);
  object.put("endpoint", key.endpoint);
  object.put("id", key.id);
}

void append(std::string& out, const Address& address) {
  Object object(out);
  object.put("ip", address.ip);
  object.put_text("network", address.network);
  object.put("family", to_string(address.family));
}

void append(std::string& out, const PortMapping& port) {
  Object object(out);
  object.put_text("host_ip", port.host_ip);
  if (port.host_port != 0) object.put("host_port", port.host_port);
  object.put("container_port", port.container_port);
  object.put("protocol", to_string(port.protocol));
  object.put_text("name", port.name);
  object.put("scope", to_string(port.scope));
}

void append(std::string& out, const Problem& problem) {
  Object object(out);
  object.put("where", problem.where);
  object.put("what", problem.what);
  if (problem.position != 0) object.put("position", problem.position);
}

template <class T>
void append(std::string& out, const Sourced<T>& sourced) {
  Object object(out);
  object.put("value", sourced.value);
  object.put("source", sourced.source);
}

template <class T>
void put_value(Object& out, std::string_view key, const Metadata::Maybe<T>& maybe) {
  if (maybe) out.put(key, *maybe);
}

void append(std::string& out, const Metadata::Port& port) {
  Object object(out);
  object.put("port", port.port);
  put_value(object, "enable", port.enable);
  put_value(object, "enable_tcp", port.enable_tcp);
  put_value(object, "enable_udp", port.enable_udp);
  put_value(object, "name", port.name);
  put_value(object, "type", port.type);
  put_value(object, "tags", port.tags);
}

void append(std::string& out, const Route& route) {
  Object object(out);
  object.put_text("name", route.name);
  object.put_list("hosts", route.hosts);
  object.put_list("paths", route.paths);
  if (route.port != 0) object.put("port", route.port);
  object.put_text("scheme", route.scheme);
  if (route.tls) object.put("tls", true);
  if (route.narrowed) object.put("narrowed", true);
  object.put_text("source", route.source);
}

void fill(Object& out, const Metadata::HealthCheck& health) {
  put_value(out, "path", health.path);
  put_value(out, "kind", health.kind);
  put_value(out, "interval", health.interval);
  put_value(out, "timeout", health.timeout);
}

void fill(Object& out, const Metadata::Proxy& proxy) {
  put_value(out, "port", proxy.port);
  put_value(out, "remote", proxy.remote);
}

void fill(Object& out, const Metadata::Target& target) {
  put_value(out, "port", target.port);
  put_value(out, "scheme", target.scheme);
  put_value(out, "network", target.network);
}

void fill(Object& out, const Metadata::Scrape& scrape) {
  put_value(out, "enable", scrape.enable);
  put_value(out, "port", scrape.port);
  put_value(out, "path", scrape.path);
  put_value(out, "scheme", scrape.scheme);
}

void fill(Object& out, const Metadata::Display& display) {
  put_value(out, "group", display.group);
  put_value(out, "icon", display.icon);
  put_value(out, "href", display.href);
  put_value(out, "description", display.description);
}

template <class T>
void put_rare(Object& out, std::string_view key, const Rare<T>& rare) {
  if (rare) out.put_object(key, [&rare](Object& object) { fill(object, *rare); });
}

void fill(Object& out, const Metadata& metadata) {
  put_value(out, "enable", metadata.enable);
  put_value(out, "announce", metadata.announce);
  put_value(out, "type", metadata.type);
  put_value(out, "name", metadata.name);
  put_value(out, "dns_name", metadata.dns_name);
  out.put_object("txt", [&metadata](Object& txt) {
    for (const Metadata::Txt& entry : metadata.txt) txt.put(entry.key, entry.value);
  });
  put_rare(out, "health", metadata.health);
  put_rare(out, "proxy", metadata.proxy);
  put_value(out, "certmesh", metadata.certmesh);
  put_value(out, "tags", metadata.tags);
  put_rare(out, "target", metadata.target);
  out.put_list("ports", metadata.ports);
  out.put_list("routes", metadata.routes);
  put_rare(out, "scrape", metadata.scrape);
  put_rare(out, "display", metadata.display);
}

void put_details(Object& out, const Details& details) {
  out.put_text("description", details.description);
  out.put_text("definition", details.definition);
  out.put_text("user", details.user);
  out.put_list("command", details.command);
  if (details.pid != 0) out.put("pid", details.pid);
  if (details.restarts != 0) out.put("restarts", details.restarts);
}

void put_place(Object& out, const Instance& instance) {
  if (instance.network_mode != NetworkMode::own) {
    out.put("network_mode", to_string(instance.network_mode));
  }
  out.put_text("network_owner", instance.network_owner);
  out.put_text("reason", instance.reason);
  out.put_text("image", instance.image);
  out.put_text("group", instance.group);
  out.put_text("service", instance.service);
  out.put_text("node", instance.node);
}

void append_members(std::string& out, const Instance& instance,
                    const std::set<std::string_view>* wanted) {
  Object object(out, wanted);
  object.put("key", instance.key);
  object.put_text("name", instance.name);
  object.put("kind", to_string(instance.kind));
  object.put("state", to_string(instance.state));
  if (instance.health != Health::none) object.put("health", to_string(instance.health));
  put_place(object, instance);
  object.put_list("addresses", instance.addresses);
  object.put_list("ports", instance.ports);
  object.put_object("labels", [&instance](Object& labels) {
    for (const auto& [key, value] : instance.labels) labels.put(key, value);
  });
  if (instance.metadata) {
    object.put_object("metadata", [&instance](Object& it) { fill(it, *instance.metadata); });
  }
  if (instance.details) put_details(object, *instance.details);
  object.put_list("problems", instance.problems);
  object.put_time("created_at", instance.created_at);
  object.put_time("started_at", instance.started_at);
  object.put_time("discovered_at", instance.discovered_at);
}

void append(std::string& out, const Instance& instance) {
  append_members(out, instance, nullptr);
}

struct EventFields {
  Object& out;

  void operator()(const Started& event) const { put(event.cause, *event.instance); }
  void operator()(const Updated& event) const { put(event.cause, *event.instance); }

  void operator()(const Stopped& event) const {
    out.put("id", event.id);
    out.put_text("name", event.name);
    out.put("key", event.last->key);
    out.put("cause", to_string(event.cause));
  }

  void operator()(const BackendDisconnected& event) const {
    put_engine(event.backend, event.endpoint);
    out.put_text("reason", event.reason);
  }

  void operator()(const BackendReconnected& event) const {
    put_engine(event.backend, event.endpoint);
  }

 private:
  void put_engine(const std::string& backend, const std::string& endpoint) const {
    out.put("backend", backend);
    out.put_text("endpoint", endpoint);
  }

  void put(Cause cause, const Instance& instance) const {
    out.put("cause", to_string(cause));
    out.put("instance", instance);
  }
};

}  // namespace

void append_json(std::string& out, const Instance& instance) {
  append(out, instance);
}

void append_json(std::string& out, const Instance& instance,
                 const std::set<std::string_view>& members) {
  append_members(out, instance, &members);
}

std::string json_text(const Instance& instance) {
  std::string text;
  append(text, instance);
  return text;
}

std::string json_text(const RuntimeEvent& event) {
  std::string text;
  {
    Object out(text);
    out.put("type", type_of(event));
    std::visit(EventFields{out}, event);
  }
  return text;
}

boost::json::object to_json(const Instance& instance) {
  return boost::json::parse(json_text(instance)).as_object();
}

}  // namespace rollcall
