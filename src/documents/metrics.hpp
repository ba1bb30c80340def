// The daemon's own metrics for Prometheus, in the text format 0.0.4. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "documents/status.hpp"

namespace rollcall::server {

/// The Content-Type of metrics_text().
inline constexpr std::string_view metrics_type = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics of metric_table(), each with its help and its type, in the order of the table.
[[nodiscard]] std::string metrics_text(const Standing& standing);

struct Metric {
  std::string_view name;
  std::string_view type;  ///< "gauge", "counter".
  std::string_view help;
};

/// All that metrics_text() writes, for the documentation. Those named rollcall_backend_… have the
/// labels `backend` and `endpoint`.
[[nodiscard]] std::span<const Metric> metric_table();

}  // namespace rollcall::server
