#include "engine/reflector.hpp"

#include <chrono>
#include <exception>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/async/deadline.hpp"
#include "core/budgets.hpp"
#include "core/failure.hpp"
#include "core/instance_bounds.hpp"
#include "engine/watch.hpp"

namespace rollcall {

using namespace std::chrono_literals;

Reflector::Reflector(std::unique_ptr<Driver> driver, boost::asio::any_io_executor executor,
                     EnvPtr env, ReflectorOptions options)
    : driver_(std::move(driver)),
      executor_(std::move(executor)),
      env_(std::move(env)),
      options_(std::move(options)) {}

namespace {

/// Awaits a call within a time limit, and turns exceptions into errors.
template <class T>
Task<T> call(Task<T> work, std::chrono::seconds limit, std::string_view what,
             const Driver& driver) {
  RuntimeError late{
      .kind = ErrorKind::protocol,
      .endpoint = std::string(driver.endpoint()),
      .what = fmt::format("{} has not come to an end within {} s", what, limit / 1s),
      .remedy = "the engine is overloaded, or does not behave as one: look at its log"};
  std::exception_ptr thrown;
  try {
    auto working = with_deadline(std::move(work), limit, std::move(late));
    co_return co_await std::move(working);
  } catch (...) {
    thrown = std::current_exception();
  }
  if (is_cancellation(thrown)) std::rethrow_exception(thrown);
  co_return fail(failure_of(thrown, driver.endpoint()));
}

}  // namespace

Task<void> Reflector::connect() {
  auto connecting = call(driver_->connect(Purpose::list), budget::connect_limit,
                         "the attempt to connect", *driver_);
  auto session = co_await std::move(connecting);
  if (!session) co_return fail(std::move(session.error()));
  co_return Result<void>();
}

Task<std::vector<InstancePtr>> Reflector::list_instances() {
  // The next watch starts from this list, unless a watch ran at any time during it.
  const bool alone = !*watching_;
  const std::uint64_t watches = watches_;
  auto connecting = call(driver_->connect(Purpose::list), budget::connect_limit,
                         "the attempt to connect", *driver_);
  auto session = co_await std::move(connecting);
  if (!session) co_return fail(std::move(session.error()));
  auto listing = call((*session)->list(), budget::list_limit, "the list", *driver_);
  auto snapshot = co_await std::move(listing);
  if (!snapshot) co_return fail(std::move(snapshot.error()));

  keep_within_bounds(*snapshot);
  std::vector<InstancePtr> instances;
  instances.reserve(snapshot->readings.size());
  for (Reading& reading : snapshot->readings) {
    if (options_.include_stopped || in_running_set(*reading.instance)) {
      instances.push_back(std::move(reading.instance));
    }
  }
  if (alone && watches == watches_) {
    know_what_was_listed();
    listed_ = {.instances = instances, .taken_at = snapshot->taken_at};
    told_ = true;
  }
  co_return instances;
}

/// Makes known_ of the last list. Done only when it is needed, because most lists are followed by
/// no watch.
void Reflector::know_what_was_listed() {
  if (!listed_) return;
  KnownById known;
  for (const InstancePtr& instance : listed_->instances) {
    if (!in_running_set(*instance)) continue;
    const Known* before = known_.find(instance->key.id);
    known.put({.told = instance, .as_of = before == nullptr ? listed_->taken_at : before->as_of});
  }
  known_ = std::move(known);
  listed_.reset();
}

Task<void> Reflector::watch(EventSender events, CancellationToken cancel) {
  if (*watching_) {
    co_return fail({.kind = ErrorKind::busy,
                    .endpoint = std::string(driver_->endpoint()),
                    .what = "this backend is being watched already",
                    .remedy = "share the events of the one watch"});
  }
  const std::shared_ptr<void> release(nullptr, [flag = watching_](void*) { *flag = false; });
  *watching_ = true;
  ++watches_;
  know_what_was_listed();
  Watch watch(*this, std::move(events));
  co_return co_await watch.run(std::move(cancel));
}

}  // namespace rollcall
