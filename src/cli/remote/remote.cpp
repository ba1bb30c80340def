#include "cli/remote/remote.hpp"

#include <algorithm>
#include <exception>
#include <utility>
#include <variant>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "cli/remote/daemon_client.hpp"
#include "core/deadline.hpp"

namespace rollcall::cli {
namespace {

namespace asio = boost::asio;

RuntimeError no_answer(const DaemonClient& client, std::chrono::nanoseconds limit) {
  return {
      .kind = ErrorKind::unavailable,
      .fault = ConnectFault::mute,
      .endpoint = client.url(),
      .what = fmt::format("no answer within {:g} s", std::chrono::duration<double>(limit).count()),
      .remedy = "see whether the daemon hangs, or give it longer with --timeout"};
}

asio::awaitable<void> ask_for_list(DaemonClient& client, std::chrono::nanoseconds limit,
                                   Result<DaemonList>& into) {
  auto asking = with_deadline(client.list(), limit, no_answer(client, limit));
  into = co_await std::move(asking);
}

}  // namespace

RuntimeFilter::RuntimeFilter(const Selection& selection) {
  const auto& kinds = selection.kinds;
  const bool all = selection.all ||
                   std::ranges::find(kinds, RuntimeBackendKind::automatic) != kinds.end();
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

std::optional<Cursor> cursor_in(const boost::json::value& status) {
  const auto* object = status.if_object();
  const auto* cursor = object == nullptr ? nullptr : object->if_contains("cursor");
  if (cursor == nullptr || !cursor->is_string()) return {};
  return parse_cursor(std::string_view(cursor->get_string()));
}

Result<std::vector<InstancePtr>> list_of_daemon(const Options& options) {
  auto client = DaemonClient::make(options.server);
  if (!client) return fail(std::move(client.error()));
  asio::io_context context(1);
  Result<DaemonList> list;
  asio::co_spawn(context, ask_for_list(*client, options.timeout, list),
                 [&context](const std::exception_ptr& thrown) {
                   if (thrown) std::rethrow_exception(thrown);
                   context.stop();  // what the client left behind is not waited for
                 });
  context.run();
  if (!list) return fail(std::move(list.error()));
  const RuntimeFilter runtimes(options.selection);
  std::erase_if(list->instances, [&runtimes](const InstancePtr& instance) {
    return !runtimes.wants(instance->key.backend);
  });
  return std::move(list->instances);
}

}  // namespace rollcall::cli
