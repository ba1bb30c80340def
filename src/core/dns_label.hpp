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

/// The name that an instance has outside: what a label says for people, else its own.
std::string_view outside_name(const Instance& instance);

/// The label of each of the instances, all different. Of those whose names make one label the
/// oldest keeps it, so none ever takes the label of one that was there before; the others get a
/// hash of their key at its end.
std::vector<std::string> dns_labels(std::span<const InstancePtr> instances);

}  // namespace rollcall
