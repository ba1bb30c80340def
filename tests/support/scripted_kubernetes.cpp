#include "support/scripted_kubernetes.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>

#include "core/text/text.hpp"

namespace rollcall::test {
namespace {

namespace json = boost::json;

constexpr std::size_t history_size = 256;
constexpr std::size_t slow_reader = 900;  // queued lines at which the watch ends
constexpr std::size_t piece = 2048;

ScriptedAnswer refusal(unsigned status, std::string_view reason, std::string_view message,
                       json::object metadata = {}) {
  return {.status = status,
          .headers = "Content-Type: application/json\r\n",
          .body = json::serialize(json::object{{"kind", "Status"},
                                               {"apiVersion", "v1"},
                                               {"metadata", std::move(metadata)},
                                               {"status", "Failure"},
                                               {"message", message},
                                               {"reason", reason},
                                               {"code", status}})};
}

std::string too_old_line() {
  return R"({"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},)"
         R"("status":"Failure","message":"The resourceVersion for the provided watch is too old.",)"
         R"("reason":"Expired","code":410}})"
         "\n";
}

std::string too_new_line() {
  return R"({"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},)"
         R"("status":"Failure","message":"Timeout: Too large resource version: 5, current: 1",)"
         R"("reason":"Timeout","details":{"retryAfterSeconds":1},"code":504}})"
         "\n";
}

std::string line_of(std::string_view type, const json::object& object) {
  return json::serialize(json::object{{"type", type}, {"object", object}}) + "\n";
}

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

const json::object& meta_of(const json::object& object) {
  return object.at("metadata").as_object();
}

std::uint64_t version_in(const std::string& text) {
  std::uint64_t version = 0;
  std::from_chars(text.data(), text.data() + text.size(), version);
  return version;
}

/// "key=value", of the labels; "spec.nodeName=value", of the node.
bool matches(const json::object& object, std::map<std::string, std::string> query) {
  const std::string label = query["labelSelector"];
  if (!label.empty()) {
    const std::size_t equals = label.find('=');
    const json::value* labels = meta_of(object).if_contains("labels");
    if (labels == nullptr ||
        text_at(labels->as_object(), label.substr(0, equals)) != label.substr(equals + 1)) {
      return false;
    }
  }
  const std::string field = query["fieldSelector"];
  if (field.empty()) return true;
  return text_at(object.at("spec").as_object(), "nodeName") == field.substr(field.find('=') + 1);
}

}  // namespace

// ---- answers

bool ScriptedKubernetes::knows(const Asked& asked) const {
  if (asked.resource == "pods" || asked.resource == "services" || asked.resource == "endpoints") {
    return asked.api == "v1";
  }
  const std::string_view version = family_ == Family::v1_20 ? "v1beta1" : "v1";
  return has_slices && asked.resource == "endpointslices" &&
         asked.api == fmt::format("discovery.k8s.io/{}", version);
}

ScriptedAnswer ScriptedKubernetes::answer(const std::string& target) {
  if (!speaks_the_api) return {.status = 404, .body = "404 page not found\n"};
  const auto url = boost::urls::parse_origin_form(target);
  if (!url) return refusal(400, "BadRequest", "malformed request");
  const std::string path = url->path();
  if (path == "/version") {
    const bool old = family_ == Family::v1_20;
    return {.body = json::serialize(json::object{{"major", "1"},
                                                 {"minor", old ? "20" : "36"},
                                                 {"gitVersion", old ? "v1.20.2" : "v1.36.0"}})};
  }
  std::vector<std::string> parts;
  for (const auto& segment : url->segments()) parts.emplace_back(segment);
  Asked asked;
  for (const auto& parameter : url->params()) asked.query[parameter.key] = parameter.value;
  const std::size_t api = !parts.empty() && parts[0] == "apis" ? 2 : 1;
  if (parts.size() <= api + 1) return refusal(404, "NotFound", "no such path");
  asked.api = api == 2 ? parts[1] + "/" + parts[2] : parts[1];
  const bool in_one = parts[api + 1] == "namespaces" && parts.size() > api + 3;
  if (in_one) asked.name_space = parts[api + 2];
  asked.resource = parts[api + (in_one ? 3 : 1)];
  for (const std::string& part : forbidden) {
    if (path.contains(part)) {
      return refusal(403, "Forbidden",
                     fmt::format("{} is forbidden: User \"test\" cannot list resource \"{}\"",
                                 asked.resource, asked.resource));
    }
  }
  if (!knows(asked)) {
    return refusal(404, "NotFound", "the server could not find the requested resource");
  }
  return asked.query.contains("watch") ? watch(asked) : list(std::move(asked));
}

ScriptedAnswer ScriptedKubernetes::list(Asked asked) {
  const bool cached = !asked.query["resourceVersion"].empty();
  if (cached && (cache_is_behind || version_in(asked.query["resourceVersion"]) > version_)) {
    return refusal(504, "Timeout", "Too large resource version");
  }
  std::vector<std::string> items;
  for (const auto& [key, object] : objects_[asked.resource]) {
    if (!asked.name_space.empty() && !key.starts_with(asked.name_space + "/")) continue;
    if (!matches(object, asked.query)) continue;
    json::object item = object;
    item.erase("kind");  // items of lists have neither
    item.erase("apiVersion");
    items.push_back(json::serialize(item));
  }
  if (asked.resource == "pods") items.insert(items.end(), raw_items.begin(), raw_items.end());
  json::object metadata{{"resourceVersion", std::to_string(version_)}};
  std::size_t begin = version_in(asked.query["continue"]);
  // The cache has no pages.
  const std::size_t limit = cached ? 0 : version_in(asked.query["limit"]);
  if (begin > 0 && expire_page > 0 && begin / std::max<std::size_t>(limit, 1) == expire_page) {
    return refusal(410, "Expired", "The provided continue parameter is too old",
                   {{"continue", std::to_string(begin)}});
  }
  begin = std::min(begin, items.size());
  const std::size_t end = limit == 0 ? items.size() : std::min(items.size(), begin + limit);
  if (end < items.size()) metadata["continue"] = std::to_string(end);
  std::string all;
  for (std::size_t at = begin; at < end; ++at) all += (at > begin ? "," : "") + items[at];
  return {.headers = "Content-Type: application/json\r\n",
          .body = fmt::format(R"({{"kind":"List","apiVersion":"v1","metadata":{},"items":[{}]}})",
                              json::serialize(metadata), all)};
}

ScriptedAnswer ScriptedKubernetes::watch(const Asked& asked) {
  std::map<std::string, std::string> query = asked.query;
  const bool streams_list = query.contains("sendInitialEvents");
  if (streams_list && (family_ == Family::v1_20 || !streams_lists)) {
    return refusal(422, "Invalid", "resourceVersionMatch is forbidden for watch");
  }
  auto feed = std::make_shared<EventFeed>(executor_);
  ScriptedAnswer answer{.headers = "Content-Type: application/json\r\n", .feed = feed};
  const std::uint64_t from = version_in(query["resourceVersion"]);
  const Watch watch{
      .feed = feed, .resource = asked.resource, .name_space = asked.name_space, .query = query};
  if (from > version_) {
    if (!streams_list) return refusal(504, "Timeout", "Too large resource version");
    push(*feed, too_new_line());
    feed->end();
    return answer;
  }
  if (streams_list) {
    for (const auto& [key, object] : objects_[asked.resource]) {
      send(watch, {.version = 0,
                   .resource = asked.resource,
                   .name_space = text_at(meta_of(object), "namespace"),
                   .type = "ADDED",
                   .object = object,
                   .matched_before = false});
    }
    if (asked.resource == "pods") {
      for (const auto& raw : raw_items) push(*feed, R"({"type":"ADDED","object":)" + raw + "}\n");
    }
    push(*feed,
         line_of("BOOKMARK", {{"kind", "Pod"},
                              {"metadata",
                               {{"resourceVersion", std::to_string(version_)},
                                {"annotations", {{"k8s.io/initial-events-end", "true"}}}}}}));
  } else if (from < compacted_) {
    push(*feed, too_old_line());
    feed->end();
    return answer;
  } else {
    for (const Past& past : history_) {
      if (past.version > from) send(watch, past);
    }
  }
  watches_.push_back(watch);
  return answer;
}

// ---- watch events

void ScriptedKubernetes::push(EventFeed& feed, const std::string& line) const {
  if (feed.waiting() >= slow_reader) return feed.end();
  const std::size_t size = family_ == Family::v1_20 ? line.size() : piece;
  for (std::size_t at = 0; at < line.size(); at += size) feed.push(line.substr(at, size));
}

/// An object that leaves a selector is reported as deleted to watches with that selector.
void ScriptedKubernetes::send(const Watch& watch, const Past& past) {
  const auto feed = watch.feed.lock();
  if (!feed || watch.resource != past.resource) return;
  if (!watch.name_space.empty() && watch.name_space != past.name_space) return;
  const bool fits = matches(past.object, watch.query);
  if (fits) return push(*feed, line_of(past.type, past.object));
  if (past.matched_before && watch.query.contains("labelSelector") && past.type == "MODIFIED") {
    push(*feed, line_of("DELETED", past.object));
  }
}

void ScriptedKubernetes::tell(const std::string& resource, const std::string& type,
                              const json::object& object, bool matched_before) {
  Past past{.version = version_,
            .resource = resource,
            .name_space = text_at(meta_of(object), "namespace"),
            .type = type,
            .object = object,
            .matched_before = matched_before};
  std::erase_if(watches_, [](const Watch& w) { return w.feed.expired(); });
  for (Watch& watch : watches_) send(watch, past);
  history_.push_back(std::move(past));
  if (history_.size() <= history_size) return;
  compacted_ = history_.front().version;
  history_.pop_front();
}

void ScriptedKubernetes::stamp(json::object& object) {
  object["metadata"].as_object()["resourceVersion"] = std::to_string(++version_);
}

void ScriptedKubernetes::tell_raw(const std::string& line) {
  for (const Watch& watch : watches_) {
    const auto feed = watch.feed.lock();
    if (feed && watch.resource == "pods") push(*feed, line);
  }
}

void ScriptedKubernetes::tell_again(std::size_t count) {
  const std::size_t first = history_.size() - std::min(count, history_.size());
  for (std::size_t at = first; at < history_.size(); ++at) {
    for (const Watch& watch : watches_) send(watch, history_[at]);
  }
}

void ScriptedKubernetes::bookmark() {
  for (const Watch& watch : watches_) {
    if (const auto feed = watch.feed.lock()) {
      push(*feed,
           line_of("BOOKMARK", {{"metadata", {{"resourceVersion", std::to_string(version_)}}}}));
    }
  }
}

void ScriptedKubernetes::end_streams() {
  for (const Watch& watch : std::exchange(watches_, {})) {
    if (const auto feed = watch.feed.lock()) feed->end();
  }
}

void ScriptedKubernetes::expire() {
  for (const Watch& watch : std::exchange(watches_, {})) {
    if (const auto feed = watch.feed.lock()) {
      push(*feed, too_old_line());
      feed->end();
    }
  }
}

void ScriptedKubernetes::go_back(std::uint64_t version) {
  history_.clear();
  version_ = version;
  compacted_ = 0;
  end_streams();
}

void ScriptedKubernetes::compact() {
  history_.clear();
  compacted_ = version_;
}

std::size_t ScriptedKubernetes::waiting() const {
  std::size_t lines = 0;
  for (const Watch& watch : watches_) {
    const auto feed = watch.feed.lock();
    if (feed && !watch.query.contains("sendInitialEvents")) lines += feed->waiting();
  }
  return lines;
}

}  // namespace rollcall::test
