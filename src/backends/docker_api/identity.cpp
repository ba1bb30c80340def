// The identity of an engine: `ID` in Docker's /info (1.24 and later); for Podman the host name and
// the container folder in /libpod/info (3 and later), because the ID in its Docker API changes with
// each answer.
#include <string>
#include <string_view>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "backends/docker_api/api.hpp"

namespace rollcall::docker_api {
namespace {

const boost::json::value* field(const boost::json::value* value, std::string_view key) {
  const auto* object = value != nullptr ? value->if_object() : nullptr;
  return object != nullptr ? object->if_contains({key.data(), key.size()}) : nullptr;
}

std::string text(const boost::json::value* value) {
  const auto* string = value != nullptr ? value->if_string() : nullptr;
  return string != nullptr ? std::string(string->data(), string->size()) : std::string();
}

}  // namespace

std::string identity_of_docker(std::string_view info) {
  boost::system::error_code ec;
  const auto json = boost::json::parse({info.data(), info.size()}, ec);
  return ec ? std::string() : text(field(&json, "ID"));
}

std::string identity_of_podman(std::string_view libpod_info) {
  boost::system::error_code ec;
  const auto json = boost::json::parse({libpod_info.data(), libpod_info.size()}, ec);
  if (ec) return {};
  const std::string host = text(field(field(&json, "host"), "hostname"));
  const std::string data = text(field(field(&json, "store"), "graphRoot"));
  return host.empty() || data.empty() ? std::string() : host + " " + data;
}

}  // namespace rollcall::docker_api
