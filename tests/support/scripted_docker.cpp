#include "support/scripted_docker.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

namespace rollcall::test {
namespace {

namespace json = boost::json;

constexpr Duration storing_takes = std::chrono::milliseconds(60);

/// "1700000000.000000123"
Timestamp time_in(std::string_view text) {
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (parsed.ptr != text.data() + text.size()) {
    std::from_chars(parsed.ptr + 1, text.data() + text.size(), nanoseconds);
  }
  return Timestamp(std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanoseconds));
}

std::vector<std::string> words(const std::string& filters, std::string_view key) {
  if (filters.empty()) return {};
  const json::value parsed = json::parse(filters);
  const auto* found = parsed.as_object().if_contains(key);
  return found == nullptr ? std::vector<std::string>()
                          : json::value_to<std::vector<std::string>>(*found);
}

bool runs(const ScriptedContainer& container) {
  return container.state == "running" || container.state == "paused" ||
         container.state == "restarting";
}

std::string status_of(const ScriptedContainer& it) {
  if (it.state == "exited") return fmt::format("Exited ({}) {}s ago", it.exit_code, it.looked_at);
  if (it.state == "restarting") return fmt::format("Restarting ({}) 1s ago", it.exit_code);
  if (it.state == "paused") return fmt::format("Up {} seconds (Paused)", it.looked_at);
  if (it.state == "running") return fmt::format("Up {} seconds {}", it.looked_at, it.health);
  return "Created";
}

json::object item(const std::string& id, const ScriptedContainer& it, bool podman) {
  json::object labels;
  if (!it.label.empty()) labels["label"] = it.label;
  const std::string ip = it.state == "running" || it.state == "paused" ? "172.17.0.2" : "";
  json::object object{{"Id", id},
                      {"Names", {"/" + it.name}},
                      {"Image", "scripted"},
                      {"Created", 1},
                      {"Ports", json::array()},
                      {"Labels", labels},
                      {"State", it.state},
                      {"Status", status_of(it)},
                      {"NetworkSettings", {{"Networks", {{"bridge", {{"IPAddress", ip}}}}}}}};
  if (!podman) object["HostConfig"] = {{"NetworkMode", "bridge"}};
  return object;
}

ScriptedAnswer not_found() {
  return {.status = 404, .body = R"({"message":"page not found"})"};
}

}  // namespace

ScriptedAnswer ScriptedDocker::answer(const std::string& target) {
  const auto url = boost::urls::parse_origin_form(target);
  if (!url) return {.status = 400, .body = R"({"message":"malformed request"})"};
  std::map<std::string, std::string> query;
  for (const auto& parameter : url->params()) query[parameter.key] = parameter.value;
  const std::string path = url->path();
  if (path == "/_ping") {
    const auto date = std::chrono::floor<std::chrono::seconds>(env_->now());
    return {.headers = server + fmt::format("Date: {:%a, %d %b %Y %H:%M:%S} GMT\r\n",
                                            fmt::gmtime(date.time_since_epoch().count())),
            .body = "OK"};
  }
  if (path.ends_with("/events")) return events(query["since"], query["filters"]);
  if (path.ends_with("/libpod/containers/json")) return libpod_list(query["filters"]);
  if (path.ends_with("/containers/json")) return list(query["all"] == "1", query["filters"]);
  constexpr std::string_view before = "/containers/";
  constexpr std::string_view after = "/json";
  const auto begin = path.find(before);
  if (begin == std::string::npos || !path.ends_with(after)) return not_found();
  const auto id = path.substr(begin + before.size());
  return inspect(id.substr(0, id.size() - after.size()));
}

/// Whether an event passes the filters. Docker compares by prefix; Podman has its own word for the
/// end of a run.
bool ScriptedDocker::passes(const std::string& filters, std::string_view type,
                            std::string_view action) const {
  const auto types = words(filters, "type");
  const auto actions = words(filters, "event");
  const auto matches = [&](const std::string& word) {
    if (podman()) return word == (action == "die" ? "died" : action);
    return action.starts_with(word);
  };
  return (types.empty() || std::ranges::find(types, type) != types.end()) &&
         (actions.empty() || std::ranges::any_of(actions, matches));
}

ScriptedAnswer ScriptedDocker::events(const std::string& since, const std::string& filters) {
  auto feed = std::make_shared<EventFeed>(executor_);
  for (const Past& past : history_) {
    if (past.at >= time_in(since) && passes(filters, past.type, past.action)) feed->push(past.text);
  }
  std::erase_if(streams_, [](const Stream& stream) { return stream.feed.expired(); });
  streams_.push_back({feed, filters});
  return {.headers = "Content-Type: application/json\r\n", .feed = std::move(feed)};
}

ScriptedAnswer ScriptedDocker::list(bool all, const std::string& filters) {
  const auto ids = words(filters, "id");
  std::vector<std::string> items = raw_items;
  for (auto& [id, entry] : containers_) {
    if (env_->now() >= entry.stored_at) entry.shown = entry.now;
    ++entry.shown.looked_at;
    const bool paused = podman() && entry.shown.state == "paused";
    if (!all && (!runs(entry.shown) || paused)) continue;
    if (!ids.empty() && std::ranges::find(ids, id) == ids.end()) continue;
    items.push_back(json::serialize(item(id, entry.shown, podman())));
  }
  return {.body = fmt::format("[{}]\n", fmt::join(items, ","))};
}

ScriptedAnswer ScriptedDocker::libpod_list(const std::string& filters) {
  if (!podman()) return not_found();
  const auto ids = words(filters, "id");
  json::array items;
  for (const auto& [id, entry] : containers_) {
    if (!ids.empty() && std::ranges::find(ids, id) == ids.end()) continue;
    items.push_back({{"Id", id},
                     {"Networks", {"bridge"}},
                     {"Ports", nullptr},
                     {"ExposedPorts", nullptr},  // missing before version 5, and then inspected
                     {"Status", ""}});
  }
  return {.body = json::serialize(items)};
}

ScriptedAnswer ScriptedDocker::inspect(const std::string& id) {
  if (!containers_.contains(id)) return not_found();
  store(id);
  return {.body = json::serialize(json::object{{"Id", id}})};
}

void ScriptedDocker::tell(std::string_view type, std::string_view action, const std::string& id) {
  const auto entry = containers_.find(id);
  const std::string name = entry == containers_.end() ? "" : entry->second.now.name;
  const Timestamp at = env_->now();
  const bool network = type == "network";
  json::object attributes{{"name", network ? "bridge" : name}};
  if (network && !podman()) attributes["container"] = id;
  json::object event{
      {"Type", type},
      {"Action", action},
      {"Actor", {{"ID", network && !podman() ? "n1" : id}, {"Attributes", attributes}}},
      {"scope", "local"},
      {"time", std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count()},
      {"timeNano", at.time_since_epoch().count()}};
  if (!network) {
    event["status"] = action;
    event["id"] = id;
    event["from"] = "scripted";
  }
  history_.push_back({at, std::string(type), std::string(action), json::serialize(event) + "\n"});
  if (history_.size() > history_size) history_.pop_front();
  tell_again(1);
}

void ScriptedDocker::tell_again(std::size_t count) {
  const std::size_t first = history_.size() - std::min(count, history_.size());
  for (const Stream& stream : streams_) {
    const auto feed = stream.feed.lock();
    if (!feed) continue;
    for (std::size_t at = first; at < history_.size(); ++at) {
      const Past& past = history_[at];
      if (passes(stream.filters, past.type, past.action)) feed->push(past.text);
    }
  }
}

void ScriptedDocker::tell_raw(const std::string& event) {
  for (const Stream& stream : streams_) {
    if (const auto feed = stream.feed.lock()) feed->push(event);
  }
}

void ScriptedDocker::end_streams() {
  for (const Stream& stream : std::exchange(streams_, {})) {
    if (const auto feed = stream.feed.lock()) feed->end();
  }
}

void ScriptedDocker::change(const std::string& id, std::string_view state) {
  change_silently(id, [state](ScriptedContainer& it) { it.state = state; });
}

void ScriptedDocker::change_silently(const std::string& id,
                                     const std::function<void(ScriptedContainer&)>& change) {
  Entry& entry = containers_.at(id);
  change(entry.now);
  entry.stored_at = env_->now() + (podman() ? Duration::zero() : storing_takes);
}

void ScriptedDocker::store(const std::string& id) {
  Entry& entry = containers_.at(id);
  entry.shown = entry.now;
}

std::string ScriptedDocker::create(const std::string& name) {
  const std::string id = fmt::format("{:064x}", ++made_);
  containers_[id].now.name = name;
  store(id);
  tell("container", "create", id);
  return id;
}

std::string ScriptedDocker::run(const std::string& name) {
  std::string id = create(name);
  start(id);
  return id;
}

void ScriptedDocker::start(const std::string& id) {
  if (podman()) tell("container", "init", id);
  if (!podman()) tell("network", "connect", id);
  change(id, "running");
  store(id);  // unlike other changes, a start is stored before its event
  tell("container", "start", id);
}

void ScriptedDocker::leave_network(const std::string& id) {
  if (podman()) {
    tell("container", "cleanup", id);
    return tell("container", "cleanup", id);
  }
  tell("network", "disconnect", id);
  if (era_ == Era::docker_20_10) tell("network", "disconnect", id);
}

void ScriptedDocker::end_run(const std::string& id) {
  change(id, "exited");
  if (era_ != Era::docker_26) tell("container", "die", id);
  leave_network(id);
}

void ScriptedDocker::stop(const std::string& id) {
  tell("container", "kill", id);
  end_run(id);
  if (!podman()) tell("container", "stop", id);
  if (era_ == Era::docker_26) tell("container", "die", id);
}

void ScriptedDocker::restart(const std::string& id) {
  tell("container", "kill", id);
  end_run(id);
  if (!podman()) tell("container", "stop", id);
  if (era_ == Era::docker_26) {
    change(id, "running");  // it runs again by the time its end is reported
    tell("container", "die", id);
  }
  start(id);
  tell("container", "restart", id);
}

void ScriptedDocker::crash(const std::string& id) {
  if (podman()) {
    // Podman restarts it at once.
    end_run(id);
    tell("container", "restart", id);
    return start(id);
  }
  change_silently(id, [](ScriptedContainer& it) {
    it.state = "restarting";
    it.exit_code = 3;
  });
  tell("container", "die", id);
}

void ScriptedDocker::pause(const std::string& id) {
  change(id, "paused");
  tell("container", "pause", id);
}

void ScriptedDocker::unpause(const std::string& id) {
  change(id, "running");
  tell("container", "unpause", id);
}

void ScriptedDocker::rename(const std::string& id, const std::string& name) {
  change_silently(id, [&name](ScriptedContainer& it) { it.name = name; });
  tell("container", "rename", id);
}

void ScriptedDocker::remove(const std::string& id) {
  if (runs(containers_.at(id).now)) {
    tell("container", "kill", id);
    end_run(id);
    if (era_ == Era::docker_26) tell("container", "die", id);
  }
  containers_.erase(id);
  tell("container", podman() ? "remove" : "destroy", id);
}

void ScriptedDocker::hang_up(const std::string& id) {
  tell("container", "kill", id);
}

std::map<std::string, ScriptedContainer> ScriptedDocker::containers() const {
  std::map<std::string, ScriptedContainer> all;
  for (const auto& [id, entry] : containers_) all.emplace(id, entry.now);
  return all;
}

std::size_t ScriptedDocker::waiting() const {
  std::size_t count = 0;
  for (const Stream& stream : streams_) {
    if (const auto feed = stream.feed.lock()) count += feed->waiting();
  }
  return count;
}

}  // namespace rollcall::test
