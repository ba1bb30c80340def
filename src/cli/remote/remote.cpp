#include "cli/remote/remote.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include <boost/asio/io_context.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "cli/remote/daemon_client.hpp"
#include "core/async/deadline.hpp"
#include "core/async/run.hpp"

namespace rollcall::cli {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

RuntimeError no_answer(const DaemonClient& client, std::chrono::nanoseconds limit) {
  return {
      .kind = ErrorKind::unavailable,
      .fault = ConnectFault::mute,
      .endpoint = client.url(),
      .what = fmt::format("no answer within {:g} s", std::chrono::duration<double>(limit).count()),
      .remedy = "see whether the daemon hangs, or give it longer with --timeout"};
}

template <class T>
asio::awaitable<void> ask(Task<T> asking, std::chrono::nanoseconds limit, RuntimeError late,
                          Result<T>& into) {
  auto answering = with_deadline(std::move(asking), limit, std::move(late));
  into = co_await std::move(answering);
}

/// Sends one request with a client of its own, and blocks until the answer.
template <class T>
Result<T> ask_daemon(const Options& options, Task<T> (DaemonClient::*question)()) {
  asio::io_context context(1);  // outlives the connections that the client keeps
  auto client = DaemonClient::make(options.server);
  if (!client) return fail(std::move(client.error()));
  Result<T> answer;
  SideBySide one(context);
  one.add(ask((*client.*question)(), options.timeout, no_answer(*client, options.timeout), answer));
  one.run();
  return answer;
}

}  // namespace

RuntimeFilter::RuntimeFilter(const Selection& selection) {
  const auto& kinds = selection.kinds;
  const bool all =
      selection.all || std::ranges::find(kinds, RuntimeBackendKind::automatic) != kinds.end();
  if (!all) kinds_ = kinds;
}

bool RuntimeFilter::wants(std::string_view backend) const {
  if (kinds_.empty()) return true;
  const auto kind = parse_kind(backend);
  return kind && std::ranges::find(kinds_, *kind) != kinds_.end();
}

bool RuntimeFilter::wants(const RuntimeEvent& event) const {
  if (const InstanceKey* key = key_of(event)) return wants(key->backend);
  if (const auto* lost = std::get_if<BackendDisconnected>(&event)) return wants(lost->backend);
  return wants(std::get<BackendReconnected>(event).backend);
}

bool RuntimeFilter::wants(const StaleEngine& engine) const {
  return engine.backend == "auto" || wants(engine.backend);
}

std::optional<Cursor> cursor_in(const boost::json::value& status) {
  const auto* object = status.if_object();
  const auto* cursor = object == nullptr ? nullptr : object->if_contains("cursor");
  if (cursor == nullptr || !cursor->is_string()) return {};
  return parse_cursor(std::string_view(cursor->get_string()));
}

Result<json::value> status_of_daemon(const Options& options) {
  return ask_daemon(options, &DaemonClient::status);
}

Result<DaemonList> list_of_daemon(const Options& options) {
  auto list = ask_daemon(options, &DaemonClient::list);
  if (!list) return fail(std::move(list.error()));
  const RuntimeFilter runtimes(options.selection);
  std::erase_if(list->stale,
                [&runtimes](const StaleEngine& engine) { return !runtimes.wants(engine); });
  std::erase_if(list->instances, [&runtimes](const InstancePtr& instance) {
    return !runtimes.wants(instance->key.backend);
  });
  return std::move(*list);
}

}  // namespace rollcall::cli
