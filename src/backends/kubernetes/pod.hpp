// Converts a pod to an instance.
#pragma once

#include <string_view>

#include <rollcall/instance.hpp>

#include "backends/kubernetes/item.hpp"
#include "core/labels/label_reader.hpp"

namespace rollcall::kubernetes {

/// Fills in a new instance, except for the ports of services; sets only the id of its key. Pure.
void interpret(const PodItem& item, LabelReader& labels, Instance& instance);

/// The workload that owns the pod: the Deployment of its ReplicaSet, else its controller. Empty for
/// a standalone or static pod.
std::string_view workload_of(const Meta& meta);

}  // namespace rollcall::kubernetes
