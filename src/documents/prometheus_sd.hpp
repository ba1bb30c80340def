// What Prometheus asks for: the targets of its http_sd. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <rollcall/instance.hpp>

#include "core/reach/reach.hpp"

namespace rollcall::server {

/// From where the targets are scraped.
struct ScrapeView {
  Vantage from = Vantage::this_host;
  /// The host of this daemon as Prometheus calls it, for ports that any address of the host has:
  /// that of the request's Host header.
  std::string host = "localhost";
};

/// A JSON text, and how many targets it has no room for.
struct ScrapeTargets {
  std::string text;
  std::size_t left_out = 0;
};

/// A JSON list of target groups, one for each port: [{"targets":["…"],"labels":{…}}], "[]" for
/// none.
///
/// A target is a TCP port that is reached from there, at the address of core/reach.hpp; an IPv6
/// address in brackets. prometheus.io/port names the one port that counts, path and scheme become
/// `__metrics_path__` with `__param_NAME` for each parameter of its query, and `__scheme__`. An
/// instance with prometheus.io/scrape or rollcall.enable false, a one-off container, a port that
/// labels switch off, and what is not running are no targets.
///
/// Each target repeats all labels of its instance. What that may take is bounded for all instances
/// together and shared out evenly, so that none with many labels and ports takes it from others.
[[nodiscard]] ScrapeTargets prometheus_targets(std::span<const InstancePtr> instances,
                                               const ScrapeView& view);

/// A label of a target: `__meta_rollcall_…`.
struct MetaLabel {
  std::string_view name;
  std::string_view meaning;
};

/// All that a target may have, for the documentation. Those that end in "_" go before the name of a
/// label of the instance, in which all that Prometheus does not allow becomes "_".
[[nodiscard]] std::span<const MetaLabel> meta_labels();

}  // namespace rollcall::server
