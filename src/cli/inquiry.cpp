#include "cli/inquiry.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <utility>

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <rollcall/backend.hpp>

#include "cli/commands.hpp"
#include "cli/remote/remote.hpp"
#include "core/deadline.hpp"
#include "engine/merger.hpp"

namespace rollcall::cli {
namespace {

namespace asio = boost::asio;

RuntimeError no_answer(const Target& target, std::chrono::nanoseconds limit) {
  return {
      .kind = ErrorKind::unavailable,
      .fault = ConnectFault::mute,
      .endpoint = target.place.url.empty() ? std::string(to_string(target.kind)) : target.place.url,
      .what = fmt::format("no answer within {:g} s", std::chrono::duration<double>(limit).count()),
      .remedy = "see whether the engine hangs, or give it longer with --timeout"};
}

asio::awaitable<void> ask(Inquiry& inquiry, const Options& options, BackendOptions common) {
  auto executor = co_await asio::this_coro::executor;
  auto backend =
      make_backend(inquiry.target.kind, options_for(inquiry.target, std::move(common)), executor);
  if (!backend) {
    inquiry.answer = fail(std::move(backend.error()));
    co_return;
  }
  auto listing = with_deadline((*backend)->list_instances(), options.timeout,
                               no_answer(inquiry.target, options.timeout));
  inquiry.answer = co_await std::move(listing);
  if (inquiry.answer) inquiry.runtime = parse_kind((*backend)->name());
}

void ask_side_by_side(std::span<Inquiry> inquiries, const Options& options,
                      const BackendOptions& common) {
  asio::io_context context(1);
  std::size_t waiting = inquiries.size();
  for (Inquiry& inquiry : inquiries) {
    asio::co_spawn(context, ask(inquiry, options, common), [&](const std::exception_ptr& thrown) {
      if (thrown) std::rethrow_exception(thrown);
      if (--waiting == 0) context.stop();  // what a backend left behind is not waited for
    });
  }
  context.run();
}

bool is_absent(const RuntimeError& error) {
  return error.fault == ConnectFault::missing || error.fault == ConnectFault::refused;
}

const InstanceKey& key_of_instance(const InstancePtr& instance) {
  return instance->key;
}

}  // namespace

std::vector<Inquiry> ask_all(const Options& options, Console& console) {
  if (!options.server.url.empty()) {
    Inquiry inquiry{.target = {}, .answer = list_of_daemon(options, console)};
    inquiry.target.named = true;
    return {std::move(inquiry)};
  }
  BackendOptions common = options.backend_options();
  common.getenv = console.environment();
  common.log = console_logger(console, options.verbose);

  std::vector<Inquiry> inquiries;
  for (Target& target : targets_to_list(options.selection, common)) {
    inquiries.push_back({std::move(target), {}});
  }
  // The host comes last: what another has listed, it leaves out.
  const auto hosts = std::ranges::partition(inquiries, [](const Inquiry& inquiry) {
    return inquiry.target.kind != RuntimeBackendKind::host;
  });
  ask_side_by_side({inquiries.begin(), hosts.begin()}, options, common);
  common.listed_elsewhere = [&inquiries](RuntimeBackendKind runtime) {
    return std::ranges::find(inquiries, runtime, &Inquiry::runtime) != inquiries.end();
  };
  ask_side_by_side(hosts, options, common);
  return inquiries;
}

int report_failures(const std::vector<Inquiry>& inquiries, Console& console) {
  std::set<std::size_t> answered;
  for (const Inquiry& inquiry : inquiries) {
    if (inquiry.answer) answered.insert(inquiry.target.request);
  }
  int code = success;
  for (const Inquiry& inquiry : inquiries) {
    if (inquiry.answer) continue;
    const RuntimeError& error = inquiry.answer.error();
    const bool fatal = inquiry.target.named && !answered.contains(inquiry.target.request);
    if (fatal) {
      code = failure;
      console.note(error.describe());
    } else if (!is_absent(error)) {
      console.note("warning: " + error.describe());
    }
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
  // Few ask, and those that do ask for several.
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
