// `rollcall serve`: one live inventory of all engines, by HTTP.
#include "cli/commands.hpp"
#include "cli/daemon/daemon.hpp"
#include "cli/daemon/load.hpp"
#include "cli/daemon/settings.hpp"

namespace rollcall::cli {

int serve(const Options& options, Console& console) {
  daemon::Sources sources = options.serve.sources;
  sources.getenv = console.environment();
  sources.check_only = options.serve.check_config;
  daemon::Loaded loaded = daemon::load(sources);
  for (const std::string& error : loaded.errors) console.note(error);
  if (!loaded.errors.empty()) return wrong_usage;
  if (options.serve.check_config) {
    console.print(daemon::print(loaded.config, loaded.origins));
    return success;
  }
  return daemon::Daemon(std::move(loaded), std::move(sources)).run();
}

}  // namespace rollcall::cli
