// Finds the instance that a user names. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <rollcall/instance.hpp>

namespace rollcall::cli {

/// The instances that a word means, by the first of these rules that matches any:
///
///  1. the id, in full
///  2. the name
///  3. "group/name", and "group/service"
///  4. the name that labels give it
///  5. the beginning of an id
///  6. the name, whatever its case
///
/// One: found. Several: the candidates. None: no such instance.
std::vector<InstancePtr> find_instances(std::span<const InstancePtr> all, std::string_view word);

/// "there is no 'wbe'; did you mean 'web'?"
std::string nothing_found(std::span<const InstancePtr> all, const std::string& word);

/// A table of the instances that a word may mean.
std::string candidates_table(std::span<const InstancePtr> candidates, std::size_t width,
                             bool colour);

/// {"candidates":[{"key":{…},"name","state"},…]}
boost::json::object candidates_json(std::span<const InstancePtr> candidates);

}  // namespace rollcall::cli
