// An engine that speaks Docker's API, as a test plays it.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "backends/first_driver.hpp"
#include "backends/registry.hpp"
#include "conformance/backend_under_test.hpp"
#include "engine/reflector.hpp"
#include "support/certificates.hpp"
#include "support/scripted_docker.hpp"
#include "support/tls_front.hpp"
#include "transport/endpoint.hpp"

namespace rollcall::conformance {

using namespace std::chrono_literals;
using test::ScriptedContainer;
using test::ScriptedDocker;
using test::ScriptedEngine;

inline constexpr Duration scripted_moment = 5ms;
inline constexpr std::chrono::milliseconds scripted_patience{1};

/// Makes the driver under test.
using MakeScriptedDriver = std::unique_ptr<Driver> (*)(const Place& place,
                                                       const BackendOptions& options, EnvPtr env,
                                                       Wire wire);

class DockerApiScripted : public ScriptedBackend {
 public:
  DockerApiScripted(ScriptedDocker::Era era, std::string name, MakeScriptedDriver make)
      : name_(std::move(name)), make_(make), docker_(engine_io_, env_, era) {
    hello_target = "/_ping";
    stream_target = "/events";
    list_target = "/containers/json?all=0";
    env_->tick = 1us;
    server_ = std::make_unique<ScriptedEngine>(engine_io_, docker_);
  }

  [[nodiscard]] std::unique_ptr<RuntimeBackend> make(MakeOptions options) override {
    const std::string url = options.endpoint.empty() ? endpoint() : options.endpoint;
    BackendOptions backend;
    backend.include_stopped = options.include_stopped;
    backend.log = options.log;
    std::unique_ptr<Driver> driver = make_driver(url, backend);
    if (options.automatic) {
      std::vector<std::unique_ptr<Driver>> drivers;
      drivers.push_back(make_driver("unix:///nonexistent/rollcall.sock", backend));
      drivers.push_back(std::move(driver));
      driver = std::make_unique<FirstDriver>("auto", std::move(drivers));
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
    io_.run_one_for(scripted_patience);  // deadlines of sockets are real
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
    server_ = std::make_unique<ScriptedEngine>(engine_io_, docker_, ScriptedEngine::Transport::tcp);
  }

  void use_tls() override {
    front_ = std::make_unique<test::TlsFront>(
        engine_io_, server_->url().substr(std::string_view("unix://").size()),
        test::TlsFrontOptions{.identity = support::issue(authority_)});
  }
  void distrust() override { authority_ = support::make_authority("Other CA"); }

  std::string create(const std::string& name) override { return docker_.create(name); }
  std::string run(const std::string& name) override { return docker_.run(name); }
  void stop(const std::string& id) override { docker_.stop(id); }
  void restart(const std::string& id) override { docker_.restart(id); }
  void pause(const std::string& id) override { docker_.pause(id); }
  void unpause(const std::string& id) override { docker_.unpause(id); }
  void rename(const std::string& id, const std::string& name) override { docker_.rename(id, name); }
  void remove(const std::string& id) override { docker_.remove(id); }
  void hang_up(const std::string& id) override { docker_.hang_up(id); }
  std::string run_crashing(const std::string& name) override {
    std::string id = docker_.run(name);
    docker_.crash(id);
    return id;
  }

  void kill_engine() override {
    server_->refuse();
    server_->drop_connections();
    docker_.forget();
  }
  void start_engine() override { server_->listen(); }

  [[nodiscard]] std::string broken_endpoint(ConnectFault fault) override {
    if (fault == ConnectFault::missing) server_->hide();
    if (fault == ConnectFault::refused) server_->refuse();
    if (fault == ConnectFault::mute) server_->fill_backlog();
    if (fault == ConnectFault::not_this_api) docker_.server = "Server: nginx\r\n";
    return server_->url();
  }

  [[nodiscard]] std::vector<std::string> differences(
      const std::map<std::string, InstancePtr>& instances) override {
    std::map<std::string, std::string> told;
    std::map<std::string, std::string> here;
    for (const auto& [id, it] : instances) {
      told[id] = fmt::format("{} {}", it->name, to_string(it->state));
    }
    for (const auto& [id, it] : docker_.containers()) {
      if (it.state != "created" && it.state != "exited") {
        here[id] = fmt::format("{} {}", it.name, it.state);
      }
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

  void rename_silently(const std::string& id, const std::string& name) override {
    docker_.change_silently(id, [&name](ScriptedContainer& it) { it.name = name; });
  }
  void remove_silently(const std::string& id) override { docker_.remove_silently(id); }
  void list_undecodable(const std::string& id) override {
    docker_.raw_items.push_back(id.empty() ? R"({"Names":["/nameless"],"State":"running"})"
                                           : fmt::format(R"({{"Id":"{}","State":tru}})", id));
  }
  void signal_without_change(const std::string& id) override {
    docker_.tell("container", "update", id);
  }
  void signal_doubt() override { docker_.tell_raw("{\"Action\":\"start\"}\n"); }
  void repeat_signals(std::size_t count) override { docker_.tell_again(count); }
  void end_stream() override { docker_.end_streams(); }
  void lose_history() override { docker_.lose_history(); }
  [[nodiscard]] std::size_t unread_signals() const override { return docker_.waiting(); }

 private:
  std::unique_ptr<Driver> make_driver(const std::string& url, const BackendOptions& options) {
    auto endpoint = parse_endpoint(url, 0);
    endpoint->tls.authority.text = authority_.certificate;
    Wire wire = Wire::to(*endpoint);
    wire.deadlines = deadlines;
    if (wrap) wire.connect = wrap(std::move(wire.connect));
    return make_({url, "test"}, options, env_, std::move(wire));
  }

  std::string name_;
  MakeScriptedDriver make_;
  boost::asio::io_context engine_io_;
  boost::asio::io_context io_;
  std::shared_ptr<test::VirtualEnv> env_ = std::make_shared<test::VirtualEnv>(io_);
  ScriptedDocker docker_;
  std::unique_ptr<ScriptedEngine> server_;
  support::Identity authority_ = support::make_authority();
  std::unique_ptr<test::TlsFront> front_;
};

}  // namespace rollcall::conformance
