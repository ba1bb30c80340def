// The parts of a scripted HTTP engine other than its API.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <rollcall/options/incus.hpp>

#include "assembly/candidates_driver.hpp"
#include "assembly/registry.hpp"
#include "conformance/backend_under_test.hpp"
#include "engine/reflector.hpp"
#include "support/certificates.hpp"
#include "support/tls_front.hpp"
#include "transport/endpoint.hpp"

namespace rollcall::conformance {

using namespace std::chrono_literals;
using test::ScriptedEngine;

inline constexpr Duration scripted_moment = 5ms;
inline constexpr std::chrono::milliseconds scripted_patience{1};

/// Makes the driver under test.
using MakeScriptedDriver = std::unique_ptr<Driver> (*)(const Place& place,
                                                       const BackendOptions& options, EnvPtr env,
                                                       Wire wire);

class HttpScripted : public ScriptedBackend {
 public:
  [[nodiscard]] std::unique_ptr<RuntimeBackend> make(MakeOptions options) override {
    const std::string url = options.endpoint.empty() ? endpoint() : options.endpoint;
    BackendOptions backend;
    backend.include_stopped = options.include_stopped;
    backend.log = options.log;
    backend.of<IncusOptions>().projects = projects;
    std::unique_ptr<Driver> driver = make_driver(url, backend);
    if (options.automatic) {
      std::vector<std::unique_ptr<Driver>> drivers;
      drivers.push_back(make_driver("unix:///nonexistent/rollcall.sock", backend));
      drivers.push_back(std::move(driver));
      driver = CandidatesDriver::places("auto", std::move(drivers));
    }
    return std::make_unique<Reflector>(
        std::move(driver), io_.get_executor(), env_,
        ReflectorOptions{.include_stopped = options.include_stopped, .log = options.log});
  }

  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] std::string endpoint() const override {
    return front_ ? front_->url() : server_->url();
  }
  [[nodiscard]] boost::asio::io_context& io() override { return io_; }
  [[nodiscard]] ScriptedEngine& server() override { return *server_; }
  [[nodiscard]] test::VirtualEnv& env() override { return *env_; }

  void let_pass() override {
    settle();
    env_->advance(scripted_moment);
    io_.restart();
    io_.run_one_for(scripted_patience);  // Deadlines of sockets are real.
    settle();
  }

  void settle() override {
    std::size_t ran = 1;
    while (ran > 0) {
      engine_io_.restart();
      io_.restart();
      ran = engine_io_.poll() + io_.poll();
    }
  }

  void pass(Duration duration) override {
    settle();
    while (duration > Duration::zero()) {
      const Duration step = std::min(duration, env_->until_next().value_or(duration));
      env_->advance(step);
      duration -= step;
      settle();
    }
  }

  void use_tcp() override {
    server_ = std::make_unique<ScriptedEngine>(engine_io_, *api_, ScriptedEngine::Transport::tcp);
  }

  void use_tls() override {
    front_ = std::make_unique<test::TlsFront>(
        engine_io_, server_->url().substr(std::string_view("unix://").size()),
        test::TlsFrontOptions{.identity = support::issue(authority_)});
  }
  void distrust() override { authority_ = support::make_authority("Other CA"); }

  void kill_engine() override {
    server_->refuse();
    server_->drop_connections();
  }
  void start_engine() override { server_->listen(); }

  [[nodiscard]] std::string broken_endpoint(ConnectFault fault) override {
    if (fault == ConnectFault::missing) server_->hide();
    if (fault == ConnectFault::refused) server_->refuse();
    if (fault == ConnectFault::mute) server_->fill_backlog();
    return server_->url();
  }

 protected:
  std::vector<std::string> projects;  ///< The selected ones, for engines that have projects.

  HttpScripted(std::string name, MakeScriptedDriver make) : name_(std::move(name)), make_(make) {
    env_->tick = 1us;
  }

  /// Starts to listen. Lifetime: `api` must outlive this.
  void serve(test::EngineApi& api) {
    api_ = &api;
    server_ = std::make_unique<ScriptedEngine>(engine_io_, api);
  }

  [[nodiscard]] boost::asio::io_context& engine_io() { return engine_io_; }
  [[nodiscard]] std::shared_ptr<test::VirtualEnv> shared_env() { return env_; }

  /// `here`: what runs, by id, as "NAME STATE".
  static std::vector<std::string> compare(const std::map<std::string, InstancePtr>& instances,
                                          const std::map<std::string, std::string>& here) {
    std::map<std::string, std::string> told;
    for (const auto& [id, it] : instances) {
      told[id] = fmt::format("{} {}", it->name, to_string(it->state));
    }
    std::vector<std::string> sentences;
    for (const auto& [id, facts] : here) {
      if (!told.contains(id)) sentences.push_back(facts + " is missing");
      if (told.contains(id) && told[id] != facts) {
        sentences.push_back(fmt::format("{} is told as {}", facts, told[id]));
      }
    }
    for (const auto& [id, facts] : told) {
      if (!here.contains(id)) sentences.push_back(facts + " is a ghost");
    }
    return sentences;
  }

 private:
  std::unique_ptr<Driver> make_driver(const std::string& url, const BackendOptions& options) {
    auto endpoint = parse_endpoint(url, 0);
    endpoint->tls.authority.text = authority_.certificate;
    Wire wire = Wire::to(*endpoint);
    wire.deadlines = deadlines;
    wire.limits = limits;
    if (wrap) wire.connect = wrap(std::move(wire.connect));
    return make_({url, "test"}, options, env_, std::move(wire));
  }

  std::string name_;
  MakeScriptedDriver make_;
  boost::asio::io_context engine_io_;
  boost::asio::io_context io_;
  std::shared_ptr<test::VirtualEnv> env_ = std::make_shared<test::VirtualEnv>(io_);
  test::EngineApi* api_ = nullptr;
  std::unique_ptr<ScriptedEngine> server_;
  support::Identity authority_ = support::make_authority();
  std::unique_ptr<test::TlsFront> front_;
};

}  // namespace rollcall::conformance
