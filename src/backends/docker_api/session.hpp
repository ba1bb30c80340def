// One connection to an engine: its list, its events, its reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rollcall/log.hpp>

#include "backends/docker_api/api.hpp"
#include "backends/docker_api/decode.hpp"
#include "backends/docker_api/dialect.hpp"
#include "backends/docker_api/events.hpp"
#include "backends/docker_api/halves.hpp"
#include "backends/docker_api/host_ports.hpp"
#include "backends/docker_api/join.hpp"
#include "backends/docker_api/requests.hpp"
#include "core/change_queue.hpp"
#include "core/identified.hpp"
#include "core/list_budget.hpp"
#include "transport/splitters/json_splitter.hpp"

namespace rollcall::docker_api {

/// State that outlives a session: the engine's identity, and how far its events were read.
struct EngineState {
  Address address;
  DialectPtr dialect;
  std::string shown_endpoint;
  bool include_stopped = false;
  EnvPtr env;
  Logger log;
  Wire wire;
  HostPorts host_ports;
  RequestRules rules;
  bool read_env = false;
  bool env_refused = false;
  Failed failed{};  // what it failed to list when it was asked last, of those that it has
  std::map<std::string, Labels> environments{};  // of containers, by id: what may be read of them
  Timestamp last_event{};

  [[nodiscard]] const Traits& traits() const { return dialect->traits(); }
  void warn(const std::string& message) const {
    if (log) log(LogLevel::warning, message);
  }
};
using EngineStatePtr = std::shared_ptr<EngineState>;

class DockerSession final : public Session, public Identified {
 public:
  DockerSession(EngineStatePtr engine, std::unique_ptr<Api> api, EngineHello hello)
      : engine_(std::move(engine)),
        api_(std::move(api)),
        hello_(std::move(hello)),
        decoder_(std::string(engine_->traits().name), engine_->shown_endpoint) {}

  /// Opens the stream of events; polls instead if events are refused or not wanted.
  [[nodiscard]] Task<void> open_events();

  [[nodiscard]] Task<Snapshot> list() override;
  [[nodiscard]] Task<Change> next() override;
  [[nodiscard]] Task<Snapshot> read(std::vector<Touched> touched) override;
  [[nodiscard]] Task<void> probe() override;
  [[nodiscard]] Task<std::string> identity() override {
    return api_->identity(hello_.product == "Podman");
  }
  [[nodiscard]] EngineInfo info() const override {
    return {std::string(hello_.product), hello_.version, hello_.api_version};
  }
  [[nodiscard]] std::size_t unknown_signals() const noexcept override { return unknown_signals_; }

 private:
  [[nodiscard]] bool needs_all() const {
    return engine_->include_stopped || engine_->traits().hides_paused;
  }
  [[nodiscard]] Infra infra() const {
    return engine_->include_stopped ? Infra::shown : Infra::hidden;
  }
  [[nodiscard]] Timestamp engine_now() const { return engine_->env->now() + hello_.clock_ahead; }

  /// Which of them are listed.
  enum class Which : std::uint8_t { wanted, all };

  [[nodiscard]] Task<void> fetch(std::vector<std::string> ids, Which which, Containers& into,
                                 ListBudget& budget);
  [[nodiscard]] Task<ListOutcome> ask(std::vector<std::string> ids, Which which, Containers& into,
                                      ListBudget& budget);
  [[nodiscard]] Task<Failed> ask_around(std::vector<std::string> ids, RuntimeError trouble,
                                        AskForIds ask);
  void remember(const std::vector<std::string>& ids, Failed failed);
  [[nodiscard]] Task<void> read_environments(bool of_all, Containers& containers,
                                             ListBudget& budget);
  [[nodiscard]] Task<bool> settle(const std::vector<Touched>& touched);
  [[nodiscard]] Task<void> fetch_missing(Joins::Ids missing, Containers& containers,
                                         ListBudget& budget);
  [[nodiscard]] boost::asio::awaitable<Joins::Ids> learn(const Containers& all);
  [[nodiscard]] boost::asio::awaitable<void> find_host_ports(Containers& all);
  Result<void> take_event(std::string_view item);
  void note_dependents_of(const Change& change);
  [[nodiscard]] std::optional<Change> pop();

  EngineStatePtr engine_;
  std::unique_ptr<Api> api_;
  EngineHello hello_;
  ContainerDecoder decoder_;
  Joins joins_;

  HttpResponsePtr events_;
  EventDecoder event_decoder_;
  JsonSplitter splitter_{JsonSplitter::Shape::stream};
  ChangeQueue changes_;
  Joins::Ids changed_;        // Containers whose dependents have not been told yet.
  ChangeQueue consequences_;  // Changes of those dependents.
  Duration poll_period_{};    // If there is no stream.
  std::size_t unknown_signals_ = 0;
};

}  // namespace rollcall::docker_api
