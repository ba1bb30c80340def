// What Prometheus asks for: the targets of its http_sd. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <rollcall/instance.hpp>

#include "core/reach.hpp"

namespace rollcall::server {

/// From where the targets are scraped.
struct ScrapeView {
  Vantage from = Vantage::this_host;
  /// The host of this daemon as Prometheus calls it, for ports that any address of the host has:
  /// that of the request's Host header.
  std::string host = "localhost";
};

/// A JSON list of target groups, one for each port: [{"targets":["…"],"labels":{…}}], "[]" for
/// none.
///
/// A target is a TCP port that is reached from there, at the address of core/reach.hpp; an IPv6
/// address in brackets. prometheus.io/port names the one port that counts, path and scheme become
/// `__metrics_path__` and `__scheme__`. An instance with prometheus.io/scrape or rollcall.enable
/// false, a port that labels switch off, and what is not running are no targets.
[[nodiscard]] std::string prometheus_targets(std::span<const InstancePtr> instances,
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
