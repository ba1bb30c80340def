#include "backends/incus/server_info.hpp"

#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "core/text/text.hpp"

namespace rollcall::incus {
namespace {

namespace json = boost::json;

const json::value* member(const json::value* object, std::string_view key) {
  if (object == nullptr || !object->is_object()) return nullptr;
  return object->get_object().if_contains(key);
}

std::string text_of(const json::value* value) {
  if (value == nullptr || !value->is_string()) return {};
  return printable(std::string_view(value->get_string()));
}

}  // namespace

std::optional<ServerInfo> read_server(std::string_view body) {
  boost::system::error_code ec;
  const json::value answer = json::parse(body, ec);
  const auto* const metadata = ec ? nullptr : member(&answer, "metadata");
  const auto* const environment = member(metadata, "environment");
  ServerInfo server;
  server.api_version = text_of(member(metadata, "api_version"));
  const std::string auth = text_of(member(metadata, "auth"));
  if (server.api_version.empty() || auth.empty()) return std::nullopt;
  server.trusts_us = auth == "trusted";
  server.version = text_of(member(environment, "server_version"));
  if (text_of(member(environment, "server")) == "lxd") {
    server.name = "lxd";
    server.product = "LXD";
  }
  return server;
}

std::optional<std::vector<std::string>> read_projects(std::string_view body) {
  boost::system::error_code ec;
  const json::value answer = json::parse(body, ec);
  const auto* const urls = ec ? nullptr : member(&answer, "metadata");
  if (urls == nullptr || !urls->is_array()) return std::nullopt;
  std::vector<std::string> names;
  for (const json::value& url : urls->get_array()) {
    if (!url.is_string()) return std::nullopt;
    const auto parsed = boost::urls::parse_relative_ref(std::string_view(url.get_string()));
    if (!parsed || parsed->segments().empty()) return std::nullopt;
    names.push_back(parsed->segments().back());
  }
  return names;
}

std::optional<std::vector<InstanceName>> read_instance_names(std::string_view body) {
  boost::system::error_code ec;
  const json::value answer = json::parse(body, ec);
  const auto* const urls = ec ? nullptr : member(&answer, "metadata");
  if (urls == nullptr || !urls->is_array()) return std::nullopt;
  std::vector<InstanceName> names;
  for (const json::value& url : urls->get_array()) {
    if (!url.is_string()) return std::nullopt;
    const auto parsed = boost::urls::parse_relative_ref(std::string_view(url.get_string()));
    if (!parsed || parsed->segments().empty() || parsed->segments().back().empty()) {
      return std::nullopt;
    }
    const auto params = parsed->params();
    const auto project = params.find("project");
    names.push_back({.project = project == params.end() ? "default" : (*project).value,
                     .name = parsed->segments().back()});
  }
  return names;
}

}  // namespace rollcall::incus
