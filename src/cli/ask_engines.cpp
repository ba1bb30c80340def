#include "cli/ask_engines.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "assembly/listing.hpp"
#include "cli/commands.hpp"
#include "cli/remote/remote.hpp"
#include "engine/merger.hpp"

namespace rollcall::cli {
namespace {

bool is_absent(const RuntimeError& error) {
  return error.fault == ConnectFault::missing || error.fault == ConnectFault::refused;
}

/// The daemon's answer, and one for each engine that the daemon could not ask.
std::vector<AskedEngine> ask_daemon(const Options& options) {
  std::vector<AskedEngine> asked_engines(1);
  asked_engines.front().engine.named = true;
  auto list = list_of_daemon(options);
  if (!list) {
    asked_engines.front().answer = fail(std::move(list.error()));
    return asked_engines;
  }
  asked_engines.front().answer = std::move(list->instances);
  for (const StaleEngine& stale : list->stale) {
    AskedEngine asked{.engine = {}, .answer = fail({.what = stale.describe()})};
    asked.engine.named = stale.named && (stale.never || stale.dropped);
    asked.engine.request = asked_engines.size();
    asked_engines.push_back(std::move(asked));
  }
  return asked_engines;
}

const InstanceKey& key_of_instance(const InstancePtr& instance) {
  return instance->key;
}

}  // namespace

std::vector<AskedEngine> ask_all(const Options& options, Console& console) {
  if (!options.server.url.empty()) {
    return ask_daemon(options);
  }
  BackendOptions common = options.backend_options();
  common.getenv = console.environment();
  common.log = console_logger(console, options.verbose);

  std::vector<AskedEngine> asked_engines;
  for (SelectedEngine& engine : engines_to_list(options.selection, common)) {
    asked_engines.push_back({std::move(engine), {}});
  }
  std::vector<EngineList> engines;
  for (const auto& [engine, answer] : asked_engines) {
    const std::string_view kind = to_string(engine.choice.kind);
    engines.push_back({.choice = engine.choice,
                       .where = engine.url().empty() ? std::string(kind) : engine.url()});
  }
  list_engines(engines, options.timeout,
               "see whether the engine hangs, or give it longer with --timeout");
  for (std::size_t i = 0; i < engines.size(); ++i) {
    asked_engines[i].answer = std::move(engines[i].instances);
  }
  return asked_engines;
}

int report_failures(const std::vector<AskedEngine>& asked_engines, Console& console) {
  std::set<std::size_t> answered;
  for (const AskedEngine& asked : asked_engines) {
    if (asked.answer) answered.insert(asked.engine.request);
  }
  int code = success;
  for (const AskedEngine& asked : asked_engines) {
    if (asked.answer) continue;
    const RuntimeError& error = asked.answer.error();
    const bool fatal = asked.engine.named && !answered.contains(asked.engine.request);
    if (!fatal && is_absent(error)) continue;
    console.note(fatal ? error.describe() : "warning: " + error.describe());
    if (fatal) code = failure;
  }
  if (answered.empty() && code == success) {
    console.note("no runtime answered; `rollcall doctor` tells why");
    return failure;
  }
  return code;
}

bool all_answered(const std::vector<AskedEngine>& asked_engines) {
  return std::ranges::all_of(asked_engines, [](const AskedEngine& asked) {
    return asked.answer || is_absent(asked.answer.error());
  });
}

std::vector<InstancePtr> collect(std::vector<AskedEngine>& asked_engines) {
  std::vector<InstancePtr> all;
  std::size_t engines = 0;
  for (AskedEngine& asked : asked_engines) {
    if (!asked.answer) continue;
    if (++engines == 1) {
      all = std::move(*asked.answer);
    } else {
      std::ranges::move(*asked.answer, std::back_inserter(all));
    }
  }
  if (engines > 1) {
    keep_first_of_each(all);
    std::ranges::sort(all, {}, key_of_instance);
    keep_one_of_neighbours(all);
  }
  return all;
}

void keep_one_of_neighbours(std::vector<InstancePtr>& instances) {
  const auto again = std::ranges::unique(instances, {}, key_of_instance);
  instances.erase(again.begin(), again.end());
}

NameOf names_among(const std::vector<InstancePtr>& all) {
  // Built on first use.
  return [&all, names = std::map<InstanceKey, std::string_view>()](const InstanceKey& beside,
                                                                   const std::string& id) mutable {
    if (names.empty()) {
      for (const InstancePtr& instance : all) names.emplace(instance->key, instance->name);
    }
    const auto at = names.find({beside.backend, beside.endpoint, id});
    return at == names.end() ? std::string() : std::string(at->second);
  };
}

}  // namespace rollcall::cli
