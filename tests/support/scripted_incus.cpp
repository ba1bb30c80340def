#include "support/scripted_incus.hpp"

#include <algorithm>
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
constexpr std::string_view instances_path = "/1.0/instances";

ScriptedAnswer success(const json::value& metadata) {
  return {.body = json::serialize(json::object{{"type", "sync"},
                                               {"status", "Success"},
                                               {"status_code", 200},
                                               {"operation", ""},
                                               {"error_code", 0},
                                               {"error", ""},
                                               {"metadata", metadata}}) +
                  "\n"};
}

ScriptedAnswer failure(unsigned status, std::string_view error) {
  return {.status = status,
          .body = json::serialize(json::object{{"type", "error"},
                                               {"status", ""},
                                               {"status_code", 0},
                                               {"operation", ""},
                                               {"error_code", status},
                                               {"error", error},
                                               {"metadata", nullptr}}) +
                  "\n"};
}

bool runs(const ScriptedInstance& it) {
  return it.status == "Running" || it.status == "Frozen";
}

json::object item(const ScriptedInstance& it) {
  json::object config{{"image.description", "scripted"}};
  if (!it.word.empty()) config["user.word"] = it.word;
  json::object devices{{"root", {{"type", "disk"}, {"path", "/"}, {"pool", "default"}}}};
  if (it.address) devices["eth0"] = {{"type", "nic"}, {"name", "eth0"}, {"network", "br0"}};
  return {{"architecture", "x86_64"},
          {"config", config},
          {"devices", json::object()},
          {"created_at", "2026-11-21T22:00:00Z"},
          {"expanded_config", config},
          {"expanded_devices", devices},
          {"name", it.name},
          {"status", it.status},
          {"last_used_at", to_rfc3339(it.last_used)},
          {"location", "none"},
          {"type", "container"},
          {"project", it.project}};
}

json::object state_of(const ScriptedInstance& it) {
  if (!runs(it)) return {{"status", it.status}, {"network", nullptr}};
  json::array addresses{{{"family", "inet6"}, {"address", "fe80::1"}, {"scope", "link"}}};
  if (!it.address.value_or("").empty()) {
    addresses.push_back({{"family", "inet"}, {"address", *it.address}, {"scope", "global"}});
  }
  json::object network{{"lo", {{"addresses", json::array()}, {"hwaddr", ""}}}};
  if (it.address) network["eth0"] = {{"addresses", addresses}, {"hwaddr", "00:16:3e:00:00:01"}};
  return {{"status", it.status}, {"network", network}, {"processes", 3}};
}

std::string id_of(const ScriptedInstance& it) {
  return it.project + "/" + it.name;
}

}  // namespace

ScriptedAnswer ScriptedIncus::answer(const std::string& target) {
  if (!speaks_the_api) return {.status = 404, .body = "404 page not found\n"};
  const auto url = boost::urls::parse_origin_form(target);
  if (!url) return failure(400, "malformed request");
  std::map<std::string, std::string> query;
  for (const auto& parameter : url->params()) query[parameter.key] = parameter.value;
  const bool all = query["all-projects"] == "true";
  const std::string project_name = query["project"].empty() ? "default" : query["project"];
  const std::string path = url->path();
  if (path == "/1.0") return server();
  if (!trusts) return failure(403, "not authorized");
  if (path == "/1.0/events") return events(all, project_name);
  if (path == instances_path && !query.contains("recursion")) return urls(all, project_name);
  if (path == instances_path) return list(all, project_name);
  std::vector<std::string> parts;
  for (const auto& segment : url->segments()) parts.emplace_back(segment);
  const std::size_t size = parts.size();
  if (path == "/1.0/projects") {
    json::array names;
    for (const auto& name : allowed.empty() ? projects : allowed) {
      names.emplace_back("/1.0/projects/" + name);
    }
    return success(names);
  }
  if (size == 3 && parts[1] == "projects") return project(parts[2]);
  if (size >= 4 && parts[1] == "networks" && parts[3] == "forwards") {
    const auto at = forwards.find(parts[2]);
    return success(at == forwards.end() ? json::array() : json::parse("[" + at->second + "]"));
  }
  if (size < 3 || parts[1] != "instances") return failure(404, "not found");
  return instance(project_name + "/" + parts[2], size == 4 && parts[3] == "state");
}

ScriptedAnswer ScriptedIncus::server() const {
  json::object metadata{{"api_status", "stable"},
                        {"api_version", "1.0"},
                        {"auth", trusts ? "trusted" : "untrusted"},
                        {"public", false}};
  if (trusts) {
    const bool lxd = family_ == Family::lxd_5;
    metadata["environment"] = {{"server", name()}, {"server_version", lxd ? "5.0.2" : "6.0.4"}};
  }
  return success(metadata);
}

bool ScriptedIncus::may_read(bool all, const std::string& project) const {
  return allowed.empty() || (!all && allowed.contains(project));
}

ScriptedAnswer ScriptedIncus::events(bool all, const std::string& project) {
  if (!may_read(all, project)) return failure(403, "not authorized");
  if (!all && !projects.contains(project)) {
    return failure(family_ == Family::lxd_5 ? 500 : 404, "Project not found");
  }
  auto feed = std::make_shared<EventFeed>(executor_);
  std::erase_if(streams_, [](const Stream& stream) { return stream.feed.expired(); });
  streams_.push_back({feed, all ? std::string() : project});
  return {.feed = std::move(feed), .websocket = true};
}

ScriptedAnswer ScriptedIncus::list(bool all, const std::string& project) {
  if (!may_read(all, project)) return failure(403, "not authorized");
  std::vector<std::string> items = raw_items;
  for (const auto& [id, it] : instances_) {
    if (all || it.project == project) items.push_back(json::serialize(item(it)));
  }
  return {.body = fmt::format(
              R"({{"type":"sync","status":"Success","status_code":200,"metadata":[{}]}})"
              "\n",
              fmt::join(items, ","))};
}

ScriptedAnswer ScriptedIncus::urls(bool all, const std::string& project) const {
  if (!may_read(all, project)) return failure(403, "not authorized");
  json::array urls;
  for (const auto& [id, it] : instances_) {
    if (!all && it.project != project) continue;
    const std::string query = it.project == "default" ? "" : "?project=" + it.project;
    urls.emplace_back(fmt::format("{}/{}{}", instances_path, it.name, query));
  }
  return success(urls);
}

ScriptedAnswer ScriptedIncus::project(const std::string& name) const {
  if (!may_read(false, name)) return failure(403, "not authorized");
  if (!projects.contains(name)) return failure(404, "Project not found");
  return success({{"name", name}});
}

ScriptedAnswer ScriptedIncus::instance(const std::string& id, bool state) const {
  const auto at = instances_.find(id);
  if (at == instances_.end()) return failure(404, "Instance not found");
  return success(state ? state_of(at->second) : item(at->second));
}

void ScriptedIncus::tell(std::string_view action, const std::string& id,
                         boost::json::object context) {
  const std::size_t slash = id.find('/');
  const std::string project = id.substr(0, slash);
  const std::string name = id.substr(slash + 1);
  const std::string query = project == "default" ? "" : "?project=" + project;
  json::object metadata{{"action", action},
                        {"source", fmt::format("{}/{}{}", instances_path, name, query)}};
  if (!context.empty()) metadata["context"] = std::move(context);
  if (family_ == Family::incus_6) {
    metadata["name"] = name;
    metadata["project"] = project;
  }
  const json::object event{{"type", "lifecycle"},
                           {"timestamp", to_rfc3339(env_->now())},
                           {"metadata", metadata},
                           {"location", "none"},
                           {"project", project}};
  history_.push_back({project, json::serialize(event)});
  if (history_.size() > history_size) history_.pop_front();
  tell_again(1);
}

void ScriptedIncus::tell_again(std::size_t count) {
  const std::size_t first = history_.size() - std::min(count, history_.size());
  for (const Stream& stream : streams_) {
    const auto feed = stream.feed.lock();
    if (!feed) continue;
    for (std::size_t at = first; at < history_.size(); ++at) {
      const Past& past = history_[at];
      if (stream.project.empty() || stream.project == past.project) feed->push(past.text);
    }
  }
}

void ScriptedIncus::tell_raw(const std::string& message) {
  for (const Stream& stream : streams_) {
    if (const auto feed = stream.feed.lock()) feed->push(message);
  }
}

void ScriptedIncus::end_streams() {
  for (const Stream& stream : std::exchange(streams_, {})) {
    if (const auto feed = stream.feed.lock()) feed->end();
  }
}

void ScriptedIncus::change_silently(const std::string& id,
                                    const std::function<void(ScriptedInstance&)>& change) {
  change(instances_.at(id));
}

std::string ScriptedIncus::create(const std::string& name, const std::string& project) {
  ScriptedInstance made{.project = project, .name = name};
  std::string id = id_of(made);
  instances_.insert_or_assign(id, std::move(made));
  tell("instance-created", id, {{"type", "container"}});
  return id;
}

std::string ScriptedIncus::run(const std::string& name, const std::string& project) {
  std::string id = create(name, project);
  start(id);
  return id;
}

void ScriptedIncus::start(const std::string& id) {
  ScriptedInstance& it = instances_.at(id);
  it.status = "Running";
  it.last_used = env_->now();
  tell("instance-started", id);
}

void ScriptedIncus::end_run(const std::string& id) {
  instances_.at(id).status = "Stopped";
}

void ScriptedIncus::stop(const std::string& id) {
  end_run(id);
  tell("instance-shutdown", id);
}

void ScriptedIncus::force(const std::string& id) {
  if (family_ == Family::incus_6) pause(id);
  end_run(id);
  tell("instance-stopped", id);
}

void ScriptedIncus::restart(const std::string& id) {
  if (family_ == Family::incus_6) pause(id);
  ScriptedInstance& it = instances_.at(id);
  it.status = "Running";
  it.last_used = env_->now();
  tell("instance-restarted", id);
}

void ScriptedIncus::pause(const std::string& id) {
  instances_.at(id).status = "Frozen";
  tell("instance-paused", id);
}

void ScriptedIncus::unpause(const std::string& id) {
  instances_.at(id).status = "Running";
  tell("instance-resumed", id);
}

void ScriptedIncus::rename(const std::string& id, const std::string& name) {
  auto node = instances_.extract(id);
  const std::string old_name = std::exchange(node.mapped().name, name);
  node.key() = id_of(node.mapped());
  const std::string now = node.key();
  instances_.insert(std::move(node));
  tell("instance-renamed", now, {{"old_name", old_name}});
}

void ScriptedIncus::edit(const std::string& id, const std::string& word) {
  instances_.at(id).word = word;
  tell("instance-updated", id);
}

void ScriptedIncus::remove(const std::string& id) {
  if (runs(instances_.at(id))) force(id);
  instances_.erase(id);
  tell("instance-deleted", id);
}

void ScriptedIncus::exec(const std::string& id) {
  tell("instance-exec", id, {{"command", {"true"}}});
}

std::size_t ScriptedIncus::waiting() const {
  std::size_t count = 0;
  for (const Stream& stream : streams_) {
    if (const auto feed = stream.feed.lock()) count += feed->waiting();
  }
  return count;
}

}  // namespace rollcall::test
