#include "engine/reflector.hpp"

#include <utility>

#include "engine/watch.hpp"

namespace rollcall {

Reflector::Reflector(std::unique_ptr<Driver> driver, boost::asio::any_io_executor executor,
                     EnvPtr env, ReflectorOptions options)
    : driver_(std::move(driver)),
      executor_(std::move(executor)),
      env_(std::move(env)),
      options_(std::move(options)) {}

Task<void> Reflector::connect() {
  auto session = co_await driver_->connect(Purpose::list);
  if (!session) co_return fail(std::move(session.error()));
  co_return Result<void>();
}

Task<std::vector<InstancePtr>> Reflector::list_instances() {
  // A list tells what the next watch starts from, unless a watch ran at any time beside it.
  const bool alone = !*watching_;
  const std::uint64_t watches = watches_;
  auto session = co_await driver_->connect(Purpose::list);
  if (!session) co_return fail(std::move(session.error()));
  auto snapshot = co_await (*session)->list();
  if (!snapshot) co_return fail(std::move(snapshot.error()));

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

/// Only a watch wants to know, and most lists are followed by none.
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
