// Everything known about one instance, and why. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <boost/json/object.hpp>
#include <rollcall/instance.hpp>

#include "core/labels/metadata.hpp"
#include "core/reach/reach.hpp"
#include "core/reach/registration.hpp"
#include "core/reach/services.hpp"

namespace rollcall {

/// A service, and where it is found.
struct ExplainedService {
  Service service;
  std::array<Reach, 3> reach;
};

/// What labels, the runtime and the tables of Rollcall together say of an instance.
struct Explanation {
  InstancePtr instance;
  std::vector<Overridden> overridden;  ///< Of labels; what the environment lost is not kept.
  std::string dns_label;               ///< Its name for use outside, docs/names.md.
  /// Not all engines were asked, or did not answer: an instance of theirs may have the same label.
  bool label_is_partial = false;
  std::vector<ExplainedService> services;
  std::size_t services_left_out =
      0;  ///< Of thousands of ports the first are told, and the primary.
  Registration registration;
};

/// `all`: the label differs from those of the registered ones among these; may hold `instance` too.
Explanation explain(const InstancePtr& instance, std::span<const InstancePtr> all);

/// {"instance":{…},"overridden":[…],"dns_label","dns_label_partial","services":[…],
/// "services_left_out","registration":{…}}, in the manner of core/json.hpp.
boost::json::object to_json(const Explanation& explanation);

}  // namespace rollcall
