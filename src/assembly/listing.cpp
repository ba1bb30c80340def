#include "assembly/listing.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>
#include <rollcall/backend.hpp>

#include "core/async/deadline.hpp"
#include "core/async/run.hpp"
#include "core/failure.hpp"

namespace rollcall {
namespace {

namespace asio = boost::asio;

RuntimeError no_answer(const EngineList& engine, Duration limit, std::string_view remedy) {
  return {
      .kind = ErrorKind::unavailable,
      .fault = ConnectFault::mute,
      .endpoint = engine.where,
      .what = fmt::format("no answer within {:g} s", std::chrono::duration<double>(limit).count()),
      .remedy = std::string(remedy)};
}

asio::awaitable<void> list(EngineList& engine, Duration limit, RuntimeError late) {
  auto executor = co_await asio::this_coro::executor;
  auto backend = make_backend(std::move(engine.choice), executor);
  if (!backend) {
    engine.instances = fail(std::move(backend.error()));
    co_return;
  }
  auto listing = with_deadline((*backend)->list_instances(), limit, std::move(late));
  engine.instances = co_await std::move(listing);
  if (engine.instances) engine.runtime = parse_kind((*backend)->name());
}

asio::awaitable<void> ask(EngineList& engine, Duration limit, RuntimeError late) {
  try {
    auto listing = list(engine, limit, std::move(late));
    co_await std::move(listing);
  } catch (...) {
    engine.instances = fail(failure_of(std::current_exception(), engine.where));
  }
}

}  // namespace

void list_engines(std::span<EngineList> engines, Duration limit, std::string_view remedy) {
  for (const bool hosts : {false, true}) {
    asio::io_context context(1);
    SideBySide round(context);
    for (EngineList& engine : engines) {
      if ((engine.choice.kind == RuntimeBackendKind::host) != hosts) continue;
      engine.choice.options.listed_elsewhere = [engines](RuntimeBackendKind runtime) {
        return std::ranges::find(engines, runtime, &EngineList::runtime) != engines.end();
      };
      round.add(ask(engine, limit, no_answer(engine, limit, remedy)));
    }
    round.run();
  }
}

}  // namespace rollcall
