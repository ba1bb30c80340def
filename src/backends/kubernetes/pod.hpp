// What a pod is to Rollcall.
#pragma once

#include <string_view>

#include <rollcall/instance.hpp>

#include "backends/kubernetes/item.hpp"
#include "core/label_reader.hpp"

namespace rollcall::kubernetes {

/// Fills in a new instance, without the ports of services; of its key the id alone. Pure.
void interpret(const PodItem& item, LabelReader& labels, Instance& instance);

/// The workload that a pod is a replica of: the Deployment of its ReplicaSet, else its controller.
/// Empty for a pod of its own, and for one that a node runs by itself.
std::string_view workload_of(const Meta& meta);

}  // namespace rollcall::kubernetes
