// Instances for programs: JSON, JSON Lines, YAML.
#pragma once

#include <span>
#include <string>

#include <boost/json/value.hpp>
#include <rollcall/instance.hpp>

namespace rollcall::cli {

/// {"instances":[…]}, indented, with a new line at its end.
std::string json_document(std::span<const InstancePtr> instances);

/// One instance per line.
std::string json_lines(std::span<const InstancePtr> instances);

/// json_document() in YAML. Text that a reader might take for a number or a boolean is quoted.
std::string yaml_document(std::span<const InstancePtr> instances);

/// Any value, indented by two spaces, with a new line at its end.
std::string indented_json(const boost::json::value& value);

}  // namespace rollcall::cli
