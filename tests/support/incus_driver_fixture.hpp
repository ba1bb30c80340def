// A driver of the Incus backend against a scripted server, for its tests.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "backends/incus/driver.hpp"
#include "support/run.hpp"
#include "support/scripted_engine.hpp"
#include "support/scripted_incus.hpp"
#include "support/virtual_env.hpp"

namespace rollcall::test {

using namespace std::chrono_literals;

class IncusDriverFixture : public testing::TestWithParam<ScriptedIncus::Family> {
 protected:
  IncusDriverFixture() { serve(ScriptedEngine::Transport::unix_socket); }

  void serve(ScriptedEngine::Transport transport) {
    server_ = std::make_unique<ScriptedEngine>(io_, incus_, transport);
  }

  Result<std::shared_ptr<Session>> connect(Purpose purpose = Purpose::watch) {
    options_.log = [this](LogLevel, std::string_view text) { logged_.emplace_back(text); };
    driver_ = incus::make_driver({server_->url(), "test"}, options_, io_.get_executor(), env_);
    return run(io_, driver_->connect(purpose));
  }

  std::shared_ptr<Session> connected(Purpose purpose = Purpose::watch) {
    auto session = connect(purpose);
    EXPECT_TRUE(session) << session.error();
    server_->requests.clear();
    return session ? *session : nullptr;
  }

  RuntimeError refusal() {
    const auto session = connect();
    EXPECT_FALSE(session);
    return session ? RuntimeError{} : session.error();
  }

  Snapshot list(Session& session) {
    auto snapshot = run(io_, session.list());
    EXPECT_TRUE(snapshot) << snapshot.error();
    return snapshot ? std::move(*snapshot) : Snapshot{};
  }

  /// Reads, and lets virtual time pass while the reading waits.
  Snapshot read(Session& session, const std::vector<std::string>& ids,
                RunMark mark = RunMark::began) {
    std::vector<Touched> touched;
    for (const std::string& id : ids)
      touched.push_back({.id = id, .at = env_->now(), .mark = mark});
    std::optional<Result<Snapshot>> result;
    boost::asio::co_spawn(
        io_, session.read(touched),
        [&](const std::exception_ptr&, Result<Snapshot> r) { result = std::move(r); });
    settle();
    if (!result) after_a_look();
    settle();
    if (!result) env_->advance(1s);
    settle();
    EXPECT_TRUE(result && *result);
    return result && *result ? std::move(**result) : Snapshot{};
  }

  std::optional<Change> next(Session& session) {
    auto change = run(io_, session.next());
    EXPECT_TRUE(change) << change.error();
    return change ? std::optional(*change) : std::nullopt;
  }

  void settle() {
    io_.restart();
    while (io_.poll() > 0) io_.restart();
  }

  static std::vector<std::string> ids_of(const Snapshot& snapshot) {
    std::vector<std::string> ids;
    for (const Reading& reading : snapshot.readings) ids.push_back(reading.instance->key.id);
    return ids;
  }

  boost::asio::io_context io_;
  std::shared_ptr<VirtualEnv> env_ = std::make_shared<VirtualEnv>(io_);
  ScriptedIncus incus_{io_.get_executor(), env_, GetParam()};
  std::unique_ptr<ScriptedEngine> server_;
  std::unique_ptr<Driver> driver_;
  BackendOptions options_;
  std::vector<std::string> logged_;
  /// Called while a reading waits, to let the server do something.
  std::function<void()> after_a_look = [] {};
};

}  // namespace rollcall::test
