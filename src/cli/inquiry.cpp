#include "cli/inquiry.hpp"

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
std::vector<Inquiry> ask_daemon(const Options& options) {
  std::vector<Inquiry> inquiries(1);
  inquiries.front().engine.named = true;
  auto list = list_of_daemon(options);
  if (!list) {
    inquiries.front().answer = fail(std::move(list.error()));
    return inquiries;
  }
  inquiries.front().answer = std::move(list->instances);
  for (const StaleEngine& stale : list->stale) {
    Inquiry inquiry{.engine = {}, .answer = fail({.what = stale.describe()})};
    inquiry.engine.named = stale.named && (stale.never || stale.dropped);
    inquiry.engine.request = inquiries.size();
    inquiries.push_back(std::move(inquiry));
  }
  return inquiries;
}

const InstanceKey& key_of_instance(const InstancePtr& instance) {
  return instance->key;
}

}  // namespace

std::vector<Inquiry> ask_all(const Options& options, Console& console) {
  if (!options.server.url.empty()) {
    return ask_daemon(options);
  }
  BackendOptions common = options.backend_options();
  common.getenv = console.environment();
  common.log = console_logger(console, options.verbose);

  std::vector<Inquiry> inquiries;
  for (SelectedEngine& engine : engines_to_list(options.selection, common)) {
    inquiries.push_back({std::move(engine), {}});
  }
  std::vector<EngineList> engines;
  for (const auto& [engine, answer] : inquiries) {
    const std::string_view kind = to_string(engine.choice.kind);
    engines.push_back({.choice = engine.choice,
                       .where = engine.url().empty() ? std::string(kind) : engine.url()});
  }
  list_engines(engines, options.timeout,
               "see whether the engine hangs, or give it longer with --timeout");
  for (std::size_t i = 0; i < engines.size(); ++i) {
    inquiries[i].answer = std::move(engines[i].instances);
  }
  return inquiries;
}

int report_failures(const std::vector<Inquiry>& inquiries, Console& console) {
  std::set<std::size_t> answered;
  for (const Inquiry& inquiry : inquiries) {
    if (inquiry.answer) answered.insert(inquiry.engine.request);
  }
  int code = success;
  for (const Inquiry& inquiry : inquiries) {
    if (inquiry.answer) continue;
    const RuntimeError& error = inquiry.answer.error();
    const bool fatal = inquiry.engine.named && !answered.contains(inquiry.engine.request);
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

bool all_answered(const std::vector<Inquiry>& inquiries) {
  return std::ranges::all_of(inquiries, [](const Inquiry& inquiry) {
    return inquiry.answer || is_absent(inquiry.answer.error());
  });
}

std::vector<InstancePtr> collect(std::vector<Inquiry>& inquiries) {
  std::vector<InstancePtr> all;
  std::size_t engines = 0;
  for (Inquiry& inquiry : inquiries) {
    if (!inquiry.answer) continue;
    if (++engines == 1) {
      all = std::move(*inquiry.answer);
    } else {
      std::ranges::move(*inquiry.answer, std::back_inserter(all));
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
