#include "core/reach/explanation.hpp"

#include <algorithm>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

#include "core/budgets.hpp"
#include "core/json/json.hpp"
#include "core/reach/dns_label.hpp"
#include "core/text/text.hpp"

namespace rollcall {
namespace {

namespace json = boost::json;

json::string text(std::string_view foreign) {
  return json::string(valid_utf8(foreign));
}

void put_text(json::object& out, std::string_view key, std::string_view foreign) {
  if (!foreign.empty()) out[key] = text(foreign);
}

json::object describe(const Sourced<std::string>& sourced) {
  return {{"value", text(sourced.value)}, {"source", text(sourced.source)}};
}

json::object describe(const Reach& reach) {
  json::object out;
  out["from"] = to_string(reach.from);
  out["reason"] = to_string(reach.reason);
  if (reach.any_of_host) out["any_of_host"] = true;
  put_text(out, "address", reach.address);
  if (reach.port != 0) out["port"] = reach.port;
  put_text(out, "why", reach.why);
  return out;
}

json::object describe(const ExplainedService& explained) {
  const Service& service = explained.service;
  json::object out;
  out["port"] = service.port;
  out["protocol"] = to_string(service.protocol);
  if (!service.name.value.empty()) out["name"] = describe(service.name);
  out["type"] = describe(service.type);
  if (!service.tags.empty()) {
    json::array& tags = out["tags"].emplace_array();
    for (const std::string& tag : service.tags) tags.emplace_back(text(tag));
  }
  if (!service.enable.value) {
    out["enable"] = json::object{{"value", false}, {"source", text(service.enable.source)}};
  }
  if (!service.listed) out["unlisted"] = true;
  if (service.primary) out["primary"] = text(service.why);
  json::array& reach = out["reach"].emplace_array();
  for (const Reach& one : explained.reach) reach.emplace_back(describe(one));
  return out;
}

json::object describe(const Registration& registration) {
  json::object out;
  out["registered"] = registration.registered;
  json::array notes;
  for (const RegistrationNote& note : registration.notes) {
    notes.emplace_back(json::object{{"reason", to_string(note.reason)},
                                    {"keeps_out", keeps_out(note.reason)},
                                    {"text", text(note.text)}});
  }
  if (!notes.empty()) out["notes"] = std::move(notes);
  return out;
}

json::object describe(const Overridden& overridden) {
  return {{"field", text(overridden.field)},
          {"value", text(overridden.value)},
          {"source", text(overridden.source)},
          {"by", text(overridden.by)}};
}

/// The common beginning of all labels that this one may become, with or without a hash at its end.
std::string beginning_of(std::string label) {
  constexpr std::size_t always_kept = 32;
  // A label without letters of its own, or of another script, changes as a whole with each hash.
  if (label.starts_with('x')) return "x";
  label.resize(std::min(label.size(), always_kept));
  return label;
}

/// Instances that are not registered, or whose label begins differently, cannot compete for the
/// label. The beginning is compared first because that is cheap.
std::string label_among(const InstancePtr& instance, std::span<const InstancePtr> all) {
  const std::string beginning = beginning_of(dns_label(outside_name(*instance)));
  std::vector<InstancePtr> named{instance};
  for (const InstancePtr& other : all) {
    if (other->key == instance->key) continue;
    if (!dns_label(outside_name(*other)).starts_with(beginning)) continue;
    if (registration_of(*other, derive_services(*other)).registered) named.push_back(other);
  }
  return dns_labels(named).front();
}

/// Leaves the first of very many services, and the primary one; how many were left out.
std::size_t leave_some_out(std::vector<Service>& services) {
  if (services.size() <= budget::explained_services) return 0;
  const std::size_t more = services.size() - budget::explained_services;
  const auto end = services.begin() + budget::explained_services;
  const auto primary =
      std::find_if(end, services.end(), [](const Service& s) { return s.primary; });
  if (primary != services.end()) std::iter_swap(primary, end - 1);
  services.resize(budget::explained_services);
  return more;
}

}  // namespace

Explanation explain(const InstancePtr& instance, std::span<const InstancePtr> all) {
  Explanation explanation{.instance = instance,
                          .overridden = explain_metadata(instance->labels).overridden,
                          .dns_label = label_among(instance, all),
                          .services = {},
                          .services_left_out = 0,
                          .registration = {}};
  std::vector<Service> services = derive_services(*instance);
  explanation.registration = registration_of(*instance, services);
  explanation.services_left_out = leave_some_out(services);
  const Ways ways(*instance);
  for (Service& service : services) {
    auto found = ways.to(service);
    explanation.services.push_back({.service = std::move(service), .reach = std::move(found)});
  }
  return explanation;
}

json::object to_json(const Explanation& explanation) {
  json::object out;
  out["instance"] = to_json(*explanation.instance);
  if (!explanation.overridden.empty()) {
    json::array& overridden = out["overridden"].emplace_array();
    for (const Overridden& one : explanation.overridden) overridden.emplace_back(describe(one));
  }
  put_text(out, "dns_label", explanation.dns_label);
  if (explanation.label_is_partial) out["dns_label_partial"] = true;
  if (!explanation.services.empty()) {
    json::array& services = out["services"].emplace_array();
    for (const ExplainedService& one : explanation.services) services.emplace_back(describe(one));
  }
  if (explanation.services_left_out > 0) {
    out["services_left_out"] = explanation.services_left_out;
  }
  out["registration"] = describe(explanation.registration);
  return out;
}

}  // namespace rollcall
