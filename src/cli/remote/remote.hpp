// What the commands make of a daemon's answers.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>
#include <rollcall/event.hpp>

#include "cli/console.hpp"
#include "cli/options.hpp"
#include "engine/change_log.hpp"

namespace rollcall::cli {

/// Which runtimes of a daemon were named; of none, all are meant.
class RuntimeFilter {
 public:
  explicit RuntimeFilter(const Selection& selection);

  [[nodiscard]] bool wants(std::string_view backend) const;
  [[nodiscard]] bool wants(const RuntimeEvent& event) const;

 private:
  std::vector<RuntimeBackendKind> kinds_;  // empty: all
};

/// Where the log of the daemon is, of its /v1/status.
std::optional<Cursor> cursor_in(const boost::json::value& status);

/// What runs by the daemon's word, of the runtimes that were named; waits for it. Of engines that
/// are away the console is told.
Result<std::vector<InstancePtr>> list_of_daemon(const Options& options, Console& console);

/// Its /v1/status; waits for it.
Result<boost::json::value> status_of_daemon(const Options& options);

int watch_daemon(const Options& options, Console& console);
int doctor_daemon(const Options& options, Console& console);

}  // namespace rollcall::cli
