// A hub over engines in memory, in virtual time.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <rollcall/inventory.hpp>

#include "engine/hub.hpp"
#include "engine/reflector.hpp"
#include "support/fake_engine.hpp"
#include "support/virtual_env.hpp"

namespace rollcall::test {

/// An id that is unique across engines.
inline std::string unique_id(const std::string& name) {
  std::string id;
  for (const char c : name) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    id += digits[byte / 16U];
    id += digits[byte % 16U];
  }
  id.resize(64, '0');
  return id;
}

/// A container as the engine behind `path` reports it.
inline InstancePtr container_at(const FakeEngine& path, const std::string& name,
                                const std::string& run = {}) {
  auto instance = std::make_shared<Instance>(*make_instance(unique_id(name), name));
  instance->key.backend = path.name;
  instance->key.endpoint = path.endpoint;
  instance->run = run;
  return instance;
}

/// The running instances by key, folded from what a reader of the log has received.
class LogFold {
 public:
  LogFold() = default;
  explicit LogFold(const View& view) : cursor(view.cursor) {
    for (const InstancePtr& instance : view.instances) running[instance->key] = instance;
    for (const Absence& absence : view.away) away[*absence.origin] = absence.reason;
  }

  void apply(const LogEntry& entry) {
    EXPECT_EQ(entry.sequence, cursor.sequence + 1) << "a hole";
    cursor.sequence = entry.sequence;
    if (const auto* lost = std::get_if<BackendDisconnected>(&entry.event)) {
      EXPECT_TRUE(away.emplace(Origin{lost->backend, lost->endpoint}, lost->reason).second);
    } else if (const auto* back = std::get_if<BackendReconnected>(&entry.event)) {
      EXPECT_EQ(away.erase({back->backend, back->endpoint}), 1U);
    } else if (const auto* stopped = std::get_if<Stopped>(&entry.event)) {
      EXPECT_EQ(running.erase(stopped->last->key), 1U) << stopped->name;
    } else if (const auto* started = std::get_if<Started>(&entry.event)) {
      EXPECT_TRUE(running.emplace(started->instance->key, started->instance).second);
    } else {
      const auto& updated = std::get<Updated>(entry.event);
      EXPECT_TRUE(running.contains(updated.instance->key));
      running[updated.instance->key] = updated.instance;
    }
  }

  void expect_is(const View& view) const {
    const LogFold other(view);
    EXPECT_EQ(cursor, other.cursor);
    EXPECT_EQ(running, other.running);
    EXPECT_EQ(away, other.away);
  }

  Cursor cursor;
  std::map<InstanceKey, InstancePtr> running;
  std::map<Origin, std::string> away;
};

class HubTest : public testing::Test {
 protected:
  void make_hub(HubOptions options = {}) {
    options.logger = [this](LogLevel, std::string_view line) { logged_.emplace_back(line); };
    hub_ = std::make_unique<Hub>(io_.get_executor(), env_, std::move(options));
  }

  void TearDown() override {
    if (hub_) stop();
  }

  void stop() {
    bool stopped = false;
    boost::asio::co_spawn(io_, hub_->stop(), [&stopped](const std::exception_ptr& thrown) {
      EXPECT_EQ(thrown, nullptr);
      stopped = true;
    });
    settle();
    EXPECT_TRUE(stopped);
    io_.restart();
    EXPECT_EQ(io_.poll(), 0U);
    EXPECT_TRUE(io_.stopped()) << "something is left on the executor";
  }

  FakeEngine& engine(const std::string& endpoint, const std::string& name = "docker") {
    auto& engine = engines_[endpoint];
    if (!engine) {
      engine = std::make_unique<FakeEngine>(io_, env_);
      engine->name = name;
      engine->endpoint = endpoint;
    }
    return *engine;
  }

  SourceSpec spec_of(FakeEngine& engine, RuntimeBackendKind kind = RuntimeBackendKind::docker) {
    return {.kind = kind,
            .endpoint = {},
            .named = true,
            .make = [this, &engine](SourceHooks hooks) -> Result<std::unique_ptr<RuntimeBackend>> {
              hooks_[engine.endpoint] = hooks;
              return std::unique_ptr<RuntimeBackend>(std::make_unique<Reflector>(
                  engine.driver(), io_.get_executor(), env_,
                  ReflectorOptions{.on_transition = hooks.on_transition}));
            }};
  }

  SourceId add(FakeEngine& engine, RuntimeBackendKind kind = RuntimeBackendKind::docker) {
    return hub_->add(spec_of(engine, kind)).value();
  }

  /// Adds an engine that was discovered, not configured.
  SourceId add_found(FakeEngine& engine) {
    SourceSpec spec = spec_of(engine);
    spec.named = false;
    return hub_->add(std::move(spec)).value();
  }

  static void put(FakeEngine& engine, const std::string& name, const std::string& run = {}) {
    engine.put(container_at(engine, name, run));
    engine.touch(unique_id(name), RunMark::began);
  }
  static void end(FakeEngine& engine, const std::string& name) {
    engine.remove(unique_id(name));
    engine.touch(unique_id(name), RunMark::ended);
  }

  /// The engine dies: its stream breaks, and it accepts no connection.
  void kill(FakeEngine& engine) {
    engine.connect_error = unavailable("dead");
    engine.changes.clear();
    engine.break_stream(unavailable("cut"));
    settle();  // the session notices the loss even if the engine is back at once; signals from
               // before it are lost
  }
  static void revive(FakeEngine& engine) {
    engine.connect_error.reset();
    engine.stream_error.reset();
    engine.change_endpoint();
  }

  void settle() { env_->advance(Duration::zero()); }
  void pass(Duration duration) { env_->advance(duration); }

  std::vector<std::string> shown() {
    settle();
    std::vector<std::string> all;
    for (const InstancePtr& i : hub_->view()->instances) {
      all.push_back(i->name + "@" + i->key.endpoint);
    }
    return all;
  }

  SourceStatus status(SourceId id) {
    settle();
    for (SourceStatus& status : hub_->sources()) {
      if (status.id == id) return status;
    }
    ADD_FAILURE() << "no such source";
    return {};
  }

  boost::asio::io_context io_;
  std::shared_ptr<VirtualEnv> env_ = std::make_shared<VirtualEnv>(io_);
  std::map<std::string, std::unique_ptr<FakeEngine>> engines_;
  std::map<std::string, SourceHooks> hooks_;
  std::vector<std::string> logged_;
  std::unique_ptr<Hub> hub_;
};

}  // namespace rollcall::test
