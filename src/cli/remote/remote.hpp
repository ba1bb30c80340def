// Turns a daemon's answers into what the commands need.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>
#include <rollcall/event.hpp>

#include "cli/command_line/options.hpp"
#include "cli/console.hpp"
#include "cli/remote/daemon_client.hpp"
#include "engine/change_log.hpp"

namespace rollcall::cli {

/// The runtimes of a daemon that the user named; all, if none was named.
class RuntimeFilter {
 public:
  explicit RuntimeFilter(const Selection& selection);

  [[nodiscard]] bool wants(std::string_view backend) const;
  [[nodiscard]] bool wants(const RuntimeEvent& event) const;
  /// An engine that has not reported its name may be of any runtime.
  [[nodiscard]] bool wants(const StaleEngine& engine) const;

 private:
  std::vector<RuntimeBackendKind> kinds_;  // empty: all
};

/// The cursor in the daemon's /v1/status.
std::optional<Cursor> cursor_in(const boost::json::value& status);

/// Lists the daemon's instances, and the engines that it cannot watch, of the named runtimes.
/// Blocks until the answer.
Result<DaemonList> list_of_daemon(const Options& options);

/// The daemon's /v1/status. Blocks until the answer.
Result<boost::json::value> status_of_daemon(const Options& options);

int watch_daemon(const Options& options, Console& console);
int doctor_daemon(const Options& options, Console& console);

}  // namespace rollcall::cli
