#include "backends/kubernetes/decode.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "backends/kubernetes/pod.hpp"
#include "core/json/json_walk.hpp"
#include "core/secrets/secrets.hpp"

namespace rollcall::kubernetes {
namespace {

constexpr auto good = simdjson::SUCCESS;

EventType type_of(std::string_view word) {
  if (word == "ADDED" || word == "MODIFIED") return EventType::put;
  if (word == "DELETED") return EventType::deleted;
  if (word == "BOOKMARK") return EventType::bookmark;
  return word == "ERROR" ? EventType::error : EventType::unknown;
}

std::unexpected<RuntimeError> not_understood(std::string_view what, std::string_view text) {
  return fail({.kind = ErrorKind::protocol,
               .endpoint = {},
               .what = fmt::format("{}: \"{}\"", what, quotation(text)),
               .remedy = {}});
}

/// Walks an object; stops early if `is_wanted` rejects its metadata.
template <class Item, class IsWanted>
auto walker(Item& item, IsWanted is_wanted) {
  return [&item, is_wanted](std::string_view key, JsonValue value) {
    const auto error = read_field(item, key, value);
    if (error || key != "metadata" || is_wanted(item.meta)) return error;
    return walked_enough;
  };
}

constexpr auto all_wanted = [](const Meta&) { return true; };

bool is_end_of_list(const Meta& meta) {
  const auto at =
      std::ranges::find(meta.annotations, "k8s.io/initial-events-end", &Labels::Entry::first);
  return at != meta.annotations.end() && at->second == "true";
}

/// Walks a line of a watch; `walk` reads the fields of its object.
template <class Item, class Walk>
error_code read_line(json_walk::ObjectReader& reader, std::string_view line, EventItem<Item>& event,
                     Walk walk) {
  const auto error = reader.read(line, [&](std::string_view key, JsonValue value) {
    if (key == "type") return json_walk::read_text(value, event.type);
    if (key != "object") return good;
    return json_walk::each_field(value, walk);
  });
  event.ends_list = is_end_of_list(event.object.meta);
  return error;
}

template <class Object, class Item>
Event<Object> begin_event(const EventItem<Item>& item) {
  Event<Object> event;
  event.type = type_of(item.type);
  event.version = std::string(item.object.meta.version);
  event.ends_list = item.ends_list;
  return event;
}

/// Reads the identity of a pod whose JSON is malformed somewhere.
void salvage(PodItem& item, std::string_view text) {
  const std::string_view meta = json_walk::salvage_object(text, "metadata");
  const auto take = [&meta](std::string_view& field, std::string_view key) {
    if (field.empty()) field = json_walk::salvage_text(meta, key);
  };
  take(item.meta.uid, "uid");
  take(item.meta.name, "name");
  take(item.meta.name_space, "namespace");
}

void tell_of_broken(const PodItem& item, error_code error, Instance& instance) {
  instance.kind = InstanceKind::pod;
  instance.key.id = std::string(item.meta.uid);
  instance.name = std::string(item.meta.name);
  instance.group = std::string(item.meta.name_space);
  instance.problems.push_back({.where = "pod",
                               .what = fmt::format("the server's answer is not valid JSON: {}",
                                                   simdjson::error_message(error))});
}

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

Version Version::of(std::string_view text) {
  Version version;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [at, error] = std::from_chars(begin, end, version.number);
  version.ordered = error == std::errc() && at == end;
  if (!version.ordered) version.number = std::hash<std::string_view>()(text);
  return version;
}

std::size_t hash_of_place(std::string_view name_space, std::string_view name) noexcept {
  const std::hash<std::string_view> hash;
  constexpr std::size_t spread = 0x9e3779b97f4a7c15;
  return hash(name) ^ (hash(name_space) * spread);
}

struct Decoder::Parser {
  explicit Parser(Masker with) : masker(with), labels(with) {}

  json_walk::ObjectReader reader;
  Masker masker;
  LabelReader labels;
  EventItem<PodItem> event;
};

Decoder::Decoder(std::string endpoint, Masker masker)
    : parser_(std::make_unique<Parser>(masker)), endpoint_(std::move(endpoint)) {}

Decoder::~Decoder() = default;

/// `text`: the pod's JSON, used if it is malformed.
Result<Pod> Decoder::finish(PodItem& item, std::string_view text, error_code error, Timestamp now) {
  const bool known = error == walked_enough;
  const bool broken = error && !known;
  if (broken) salvage(item, text);
  if (item.meta.uid.empty() || !is_plain(item.meta.uid)) {
    return not_understood("the server tells of a pod without a UID", text);
  }
  if (item.meta.name.empty()) item.meta.name = item.meta.uid;
  if (parser_->reader.repaired()) {
    item.problems.push_back(
        {.where = "pod",
         .what = "the server's answer is not UTF-8: each bad byte was replaced by U+FFFD"});
  }
  Pod pod{.instance = std::make_shared<Instance>(),
          .version = Version::of(item.meta.version),
          .place = hash_of_place(item.meta.name_space, item.meta.name),
          .known = known};
  Instance& instance = *pod.instance;
  if (known) {
    instance.name = std::string(item.meta.name);
    instance.group = std::string(item.meta.name_space);
    instance.key.id = std::string(item.meta.uid);
    return pod;
  }
  if (broken) {
    tell_of_broken(item, error, instance);
  } else {
    interpret(item, parser_->labels, instance);
  }
  parser_->masker.finish(instance);
  pod.node_ip = std::string(item.host_ip);
  instance.key.backend = "kubernetes";
  instance.key.endpoint = endpoint_;
  instance.discovered_at = now;
  return pod;
}

Result<Pod> Decoder::pod(std::string_view text, Timestamp now, const IsKnown& is_known) {
  PodItem& item = parser_->event.object;
  clear(item);
  const auto is_new = [&is_known](const Meta& meta) { return !is_known(meta); };
  const auto error = parser_->reader.read(text, walker(item, is_new));
  return finish(item, text, error, now);
}

Service Decoder::service(std::string_view text) {
  ServiceItem item;
  const auto error = parser_->reader.read(text, walker(item, all_wanted));
  if (error) item.ports.clear();
  return interpret(item);
}

Slice Decoder::slice(std::string_view text, SliceApi api) {
  SliceItem item;
  const auto error = parser_->reader.read(text, walker(item, all_wanted));
  if (error) item.groups.clear();
  return interpret(item, api);
}

Result<Event<Pod>> Decoder::pod_event(std::string_view line, Timestamp now,
                                      const IsKnown& is_known) {
  EventItem<PodItem>& item = parser_->event;
  clear(item.object);
  item.type = {};
  item.ends_list = false;
  // For a deleted object the names are enough; `type` comes first.
  const auto wanted = [&](const Meta& meta) {
    const EventType type = type_of(item.type);
    return type == EventType::unknown || (type == EventType::put && !is_known(meta));
  };
  auto error = read_line(parser_->reader, line, item, walker(item.object, wanted));
  if (error && item.type.empty()) item.type = json_walk::salvage_text(line, "type");
  auto event = begin_event<Pod>(item);
  const bool unknown = event.type == EventType::unknown;
  if (unknown && error) return not_understood("a line of the watch is no event", line);
  const bool of_pod = event.type == EventType::put || event.type == EventType::deleted;
  if (!of_pod && (!unknown || item.object.meta.uid.empty())) return event;
  auto pod = finish(item.object, object_of(line), error, now);
  if (!pod) return fail(std::move(pod.error()));
  event.object = std::move(*pod);
  return event;
}

Result<Event<Service>> Decoder::service_event(std::string_view line) {
  EventItem<ServiceItem> item;
  const auto error = read_line(parser_->reader, line, item, walker(item.object, all_wanted));
  if (error) return not_understood("a line of the watch is no event", line);
  auto event = begin_event<Service>(item);
  event.object = interpret(item.object);
  return event;
}

Result<Event<Slice>> Decoder::slice_event(std::string_view line, SliceApi api) {
  EventItem<SliceItem> item;
  const auto error = read_line(parser_->reader, line, item, walker(item.object, all_wanted));
  if (error) return not_understood("a line of the watch is no event", line);
  auto event = begin_event<Slice>(item);
  event.object = interpret(item.object, api);
  return event;
}

std::string_view object_of(std::string_view line) {
  std::string_view object = json_walk::salvage_object(line, "object");
  if (object.ends_with('}')) object.remove_suffix(1);  // The brace of the line.
  return object;
}

}  // namespace rollcall::kubernetes
