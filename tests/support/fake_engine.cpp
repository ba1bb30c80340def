#include "support/fake_engine.hpp"

#include <utility>

#include "core/identified.hpp"

namespace rollcall::test {

InstancePtr make_instance(std::string id, std::string name, InstanceState state) {
  auto instance = std::make_shared<Instance>();
  instance->key = {"fake", "fake://engine", std::move(id)};
  instance->name = std::move(name);
  instance->state = state;
  return instance;
}

class FakeSession final : public Session, public Identified {
 public:
  explicit FakeSession(FakeEngine& engine) : engine_(engine) {}

  [[nodiscard]] Task<Snapshot> list() override {
    ++engine_.lists;
    engine_.called("list");
    Snapshot snapshot{.taken_at = engine_.env_->now()};
    for (const auto& [id, instance] : engine_.world) snapshot.readings.push_back(reading(instance));
    while (engine_.lists_held) co_await engine_.list_gate_.wait();
    if (engine_.list_error) co_return fail(*engine_.list_error);
    co_return snapshot;
  }

  [[nodiscard]] Task<Change> next() override {
    for (;;) {
      engine_.called("next");
      if (!engine_.changes.empty()) {
        Change change = std::move(engine_.changes.front());
        engine_.changes.pop_front();
        co_return change;
      }
      if (engine_.stream_error) co_return fail(*std::exchange(engine_.stream_error, std::nullopt));
      co_await engine_.stream_.wait();
    }
  }

  [[nodiscard]] Task<Snapshot> read(std::vector<Touched> touched) override {
    ++engine_.reads;
    engine_.called("read");
    Snapshot snapshot{.taken_at = engine_.env_->now()};
    for (const Touched& touch : touched) {
      const auto at = engine_.world.find(touch.id);
      if (at != engine_.world.end()) snapshot.readings.push_back(reading(at->second));
    }
    while (engine_.reads_held) co_await engine_.read_gate_.wait();
    engine_.read_gate_.notify();  // there may be others
    if (engine_.read_error) co_return fail(*engine_.read_error);
    co_return snapshot;
  }

  [[nodiscard]] Task<void> probe() override {
    ++engine_.probes;
    engine_.called("probe");
    if (engine_.probe_error) co_return fail(*engine_.probe_error);
    co_return Result<void>();
  }

  [[nodiscard]] Task<std::string> identity() override {
    ++engine_.identities;
    engine_.called("identity");
    co_return engine_.identity.value_or(std::string());
  }

  [[nodiscard]] EngineInfo info() const override { return {"Fake", "1", "1"}; }
  [[nodiscard]] std::size_t unknown_signals() const noexcept override {
    return engine_.unknown_signals;
  }

 private:
  [[nodiscard]] Reading reading(const InstancePtr& instance) const {
    const auto at = engine_.unsettled.find(instance->key.id);
    return {instance, at == engine_.unsettled.end() || !at->second};
  }

  FakeEngine& engine_;
};

class FakeDriver final : public Driver {
 public:
  explicit FakeDriver(FakeEngine& engine) : engine_(engine) {}

  [[nodiscard]] std::string_view name() const noexcept override { return engine_.name; }
  [[nodiscard]] std::string_view endpoint() const noexcept override { return engine_.endpoint; }
  [[nodiscard]] bool local() const noexcept override { return true; }
  [[nodiscard]] Duration resync_period() const noexcept override { return engine_.resync_period; }

  [[nodiscard]] Task<std::shared_ptr<Session>> connect(Purpose /*purpose*/) override {
    ++engine_.connects;
    engine_.called("connect");
    if (engine_.connect_error) co_return fail(*engine_.connect_error);
    co_return std::make_shared<FakeSession>(engine_);
  }

  [[nodiscard]] boost::asio::awaitable<void> endpoint_changed() override {
    return engine_.endpoint_.wait();
  }

 private:
  FakeEngine& engine_;
};

std::unique_ptr<Driver> FakeEngine::driver() {
  return std::make_unique<FakeDriver>(*this);
}

}  // namespace rollcall::test
