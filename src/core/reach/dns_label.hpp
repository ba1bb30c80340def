// Names for use outside: DNS labels made of any name; docs/names.md is the rule. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>

namespace rollcall {

/// The DNS label of a name: letters, digits and hyphens, 1 to 63 bytes, in lower case; of other
/// scripts their IDNA form ("xn--…").
///
/// A function of the name alone. Where something of the name is lost, it ends with a hash of the
/// whole name.
std::string dns_label(std::string_view name);

/// The name of an instance for use outside: the one that a label gives for people, else its own.
std::string_view outside_name(const Instance& instance);

/// The label of each instance, all different. If several names give the same label, the oldest
/// instance keeps it, so that a new one never takes the label of an existing one; the others get a
/// hash of their key appended.
std::vector<std::string> dns_labels(std::span<const InstancePtr> instances);

}  // namespace rollcall
