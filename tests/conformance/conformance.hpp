// Fixtures of the suite: an engine, a backend, its watch, and the final checks.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conformance/backend_under_test.hpp"
#include "support/checked_fold.hpp"

namespace rollcall::conformance {

using support::CheckedFold;
using Instances = std::vector<InstancePtr>;

/// A test of any backend. At its end the fold of the events equals what runs, every event was
/// lawful, and the watch ends within a second of its cancellation with nothing left on its
/// executor.
class Conformance : public testing::TestWithParam<BackendCase> {
 protected:
  void SetUp() override { engine_ = GetParam().make(); }
  void TearDown() override;

  /// Runs the final checks, and continues with a new engine.
  void begin_again();

  [[nodiscard]] BackendUnderTest& engine() { return *engine_; }

  /// The backend, made on first use.
  [[nodiscard]] RuntimeBackend& backend();
  void make_backend(MakeOptions options) { backend_ = engine().make(std::move(options)); }

  /// Runs a call of the backend to its end.
  template <class T>
  Result<T> call(Task<T> task);
  Result<Instances> list() { return call(backend().list_instances()); }

  /// Starts a watch whose events are folded as they come, unless the consumer sleeps.
  void watch();
  void sleep_as_consumer() { consumer_sleeps_ = true; }
  void wake_as_consumer() { consumer_sleeps_ = false; }
  [[nodiscard]] EventReceiver& receiver() { return channel_->receiver; }

  /// Waits for the end of the watch; returns its result.
  std::optional<Result<void>> cancel();
  std::optional<Result<void>> wait_for_end();
  [[nodiscard]] bool nothing_is_left();

  bool wait_until(const std::function<bool()>& condition,
                  std::chrono::seconds deadline = std::chrono::seconds(30));
  [[nodiscard]] bool wait_synced();
  /// Waits until an event of the instance is queued for a sleeping consumer.
  [[nodiscard]] bool wait_untaken(const std::string& id);
  [[nodiscard]] bool wait_started(const std::string& id);
  [[nodiscard]] bool wait_stopped(const std::string& id);
  [[nodiscard]] bool wait_for(const std::string& id, InstanceState state);
  [[nodiscard]] bool wait_for_count(std::string_view type, std::size_t count);

  /// Makes a change and waits for its event. An earlier change without an event by then will have
  /// none.
  void pass_a_marker();

  /// Lets both sides finish what they are about to do, where nothing signals that they have.
  void let_time_pass();

  void expect_agreement();

  [[nodiscard]] CheckedFold& fold() { return fold_; }
  [[nodiscard]] std::string history(const std::string& id) const { return fold_.history_of(id); }
  /// "started a initial", "backend_disconnected", …
  [[nodiscard]] std::vector<std::string> told() const;

 private:
  void step();

  std::unique_ptr<BackendUnderTest> engine_;
  std::unique_ptr<RuntimeBackend> backend_;
  std::optional<EventChannel> channel_;
  std::stop_source stop_;
  std::optional<Result<void>> ended_;
  bool consumer_sleeps_ = false;
  CheckedFold fold_;
};

/// Ends a test of an ability that the runtime lacks, and says why; gtest counts and lists those
/// tests.
#define REQUIRE_ABILITY(ability)                                            \
  if (const auto why = engine().lacks(Ability::ability); !why.empty()) {    \
    GTEST_SKIP() << "does not apply to " << engine().name() << ": " << why; \
  }

/// A test that needs a scripted engine.
class ScriptedConformance : public Conformance {
 protected:
  [[nodiscard]] ScriptedBackend& script() { return dynamic_cast<ScriptedBackend&>(engine()); }
  [[nodiscard]] test::ScriptedEngine& server() { return script().server(); }

  void inject(test::Fault fault) { server().inject(std::move(fault)); }
  /// Starts a watch and waits until it is synced.
  void watch_synced();
  /// Advances virtual time, and receives meanwhile.
  void pass(Duration duration);
  [[nodiscard]] std::size_t requests(const std::string& part);
  void use_short_deadlines();
};

template <class T>
Result<T> Conformance::call(Task<T> task) {
  std::optional<Result<T>> result;
  boost::asio::co_spawn(engine().io(), std::move(task),
                        [&result](const std::exception_ptr& thrown, Result<T> value) {
                          if (thrown) std::rethrow_exception(thrown);
                          result = std::move(value);
                        });
  if (!wait_until([&] { return result.has_value(); }, std::chrono::seconds(60))) {
    throw std::runtime_error("a call of the backend does not end");
  }
  return std::move(*result);
}

/// The backends that --backend= chose.
std::vector<BackendCase> chosen_backends();
std::vector<BackendCase> chosen_scripted();
/// The backend with this name, if it was chosen.
std::vector<BackendCase> chosen(std::string_view name);
/// Returns false if there is no backend of that name.
bool choose_backend(std::string name);

inline std::string name_of(const testing::TestParamInfo<BackendCase>& info) {
  return info.param.name;
}

}  // namespace rollcall::conformance
