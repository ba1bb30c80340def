#include "server/api/openapi.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <boost/json/array.hpp>

#include "server/api/selection.hpp"
#include "server/http/problem.hpp"

namespace rollcall::server {

namespace json = boost::json;

namespace {

json::object reference(std::string_view schema) {
  return {{"$ref", "#/components/schemas/" + std::string(schema)}};
}

json::object schema_of(const Parameter& parameter) {
  json::object one{{"type", "string"}};
  if (!parameter.values.empty())
    one["enum"] = json::array(parameter.values.begin(), parameter.values.end());
  if (!parameter.repeatable) return one;
  return {{"type", "array"}, {"items", std::move(one)}};
}

json::object describe(const Parameter& parameter) {
  json::object out{{"name", parameter.name},
                   {"in", to_string(parameter.in)},
                   {"description", parameter.description},
                   {"required", parameter.in == Parameter::In::path},
                   {"schema", schema_of(parameter)}};
  if (parameter.repeatable) out["explode"] = true;
  if (parameter.example.empty()) return out;
  out["example"] = parameter.repeatable ? json::value(json::array{parameter.example})
                                        : json::value(parameter.example);
  return out;
}

json::object success_of(const Route& route) {
  json::object content;
  for (const std::string_view type : route.types) {
    const bool described = !route.schema.empty();
    content[type] = json::object{{"schema", described ? reference(route.schema) : json::object{}}};
  }
  return {{"description", route.summary}, {"content", std::move(content)}};
}

json::object failure_of(unsigned status) {
  return {{"description", reason_phrase(status)},
          {"content", {{problem_type, {{"schema", reference("Problem")}}}}}};
}

json::object responses_of(const Route& route) {
  json::object out{{"200", success_of(route)}};
  const bool conditional = std::ranges::any_of(
      route.parameters, [](const Parameter& p) { return p.name == "If-None-Match"; });
  if (conditional) out["304"] = json::object{{"description", reason_phrase(304)}};
  for (const unsigned status : route.problems) out[std::to_string(status)] = failure_of(status);
  if (!route.open) out["401"] = failure_of(401);
  out["default"] = json::object{{"description", "Anything else that is wrong"},
                                {"content", {{problem_type, {{"schema", reference("Problem")}}}}}};
  return out;
}

json::object operation_of(const Route& route) {
  json::object out{
      {"operationId", route.name}, {"tags", json::array{route.group}}, {"summary", route.summary}};
  if (!route.description.empty()) out["description"] = route.description;
  if (!route.parameters.empty()) {
    json::array& parameters = out["parameters"].emplace_array();
    for (const Parameter& parameter : route.parameters)
      parameters.emplace_back(describe(parameter));
  }
  out["responses"] = responses_of(route);
  // Either no authentication, or the token.
  if (route.open) out["security"] = json::array{};
  return out;
}

json::object text_schema(std::string_view description) {
  return {{"type", "string"}, {"description", description}};
}

json::object flag_schema(std::string_view description) {
  return {{"type", "boolean"}, {"description", description}};
}

json::object stale_schema() {
  return {
      {"type", "array"},
      {"description", "Engines that cannot be watched now; absent: all can"},
      {"items",
       {{"type", "object"},
        {"required", {"backend", "endpoint", "since"}},
        {"properties",
         {{"backend", text_schema("The runtime")},
          {"endpoint", text_schema("As in keys")},
          {"since", text_schema("RFC 3339, UTC")},
          {"reason", text_schema("A sentence; absent: its first answer is awaited")},
          {"never", flag_schema("true: never listed since it was added; what it runs is unknown")},
          {"dropped",
           flag_schema("true: away for longer than `grace`; what it ran is not listed any more")},
          {"named", flag_schema("Of never and dropped: it was named, and not merely found")}}}}}};
}

json::object instance_schema() {
  json::object properties;
  for (const Field& field : instance_fields()) {
    properties[field.name] = json::object{{"type", field.type}, {"description", field.description}};
  }
  properties["key"] = reference("Key");
  return {{"type", "object"},
          {"description", "One thing that runs. What is not known is absent."},
          {"required", {"key", "kind", "state"}},
          {"properties", std::move(properties)}};
}

json::object event_schema() {
  return {{"type", "object"},
          {"required", {"cursor", "type"}},
          {"properties",
           {{"cursor", text_schema("What is known after this change: to go on from")},
            {"type",
             {{"type", "string"},
              {"enum",
               {"started", "updated", "stopped", "backend_disconnected", "backend_reconnected",
                "bookmark", "lagged"}}}},
            {"cause", {{"type", "string"}, {"enum", {"initial", "live", "resync"}}}},
            {"instance", reference("Instance")},
            {"key", reference("Key")},
            {"id", text_schema("Of stopped")},
            {"name", text_schema("Of stopped")},
            {"backend", text_schema("Of backend_disconnected and backend_reconnected")},
            {"endpoint", text_schema("Of backend_disconnected and backend_reconnected")},
            {"reason", text_schema("Of backend_disconnected")},
            {"complete", flag_schema("Of bookmark, when it has changed or is false: as in a list")},
            {"stale", stale_schema()},
            {"missed", {{"type", "integer"}, {"description", "Of lagged: changes that are lost"}}},
            {"oldest", text_schema("Of lagged: the oldest cursor from which one can go on")},
            {"detail", text_schema("Of lagged: a sentence")}}}};
}

json::object schemas() {
  return {
      {"Key",
       {{"type", "object"},
        {"required", {"backend", "endpoint", "id"}},
        {"properties",
         {{"backend", text_schema("The runtime")},
          {"endpoint", text_schema("The alias of the engine, or its URL")},
          {"id", text_schema("The engine's own id, in full")}}}}},
      {"Instance", instance_schema()},
      {"InstanceList",
       {{"type", "object"},
        {"required", {"cursor", "complete", "instances"}},
        {"properties",
         {{"cursor", text_schema("From where /v1/events goes on without a gap")},
          {"complete",
           flag_schema("Whether what is not listed does not run, or did not when its engine was "
                       "lost; false: some engine has `never` or `dropped`")},
          {"stale", stale_schema()},
          {"instances", {{"type", "array"}, {"items", reference("Instance")}}}}}}},
      {"Event", event_schema()},
      {"Problem",
       {{"type", "object"},
        {"description", "RFC 9457"},
        {"required", {"type", "title", "status", "detail"}},
        {"properties",
         {{"type", text_schema("about:blank")},
          {"title", text_schema("What the status means")},
          {"status", {{"type", "integer"}}},
          {"detail", text_schema("What is wrong, and the remedy")}}}}},
  };
}

}  // namespace

json::object openapi_document(std::span<const Route> routes, std::string_view version) {
  json::object paths;
  for (const Route& route : routes) {
    paths[route.path] = json::object{{"get", operation_of(route)}};
  }
  return {{"openapi", "3.1.0"},
          {"info",
           {{"title", "Rollcall"},
            {"version", version},
            {"summary", "What runs here, on which addresses and ports, live"}}},
          {"paths", std::move(paths)},
          {"components",
           {{"schemas", schemas()},
            {"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}}}},
          {"security", json::array{json::object{{"token", json::array{}}}}}};
}

}  // namespace rollcall::server
