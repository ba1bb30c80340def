// One connection to an API server: its lists, and the watches that continue them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/experimental/channel.hpp>

#include "backends/kubernetes/access_review.hpp"
#include "backends/kubernetes/decode.hpp"
#include "backends/kubernetes/engine.hpp"
#include "backends/kubernetes/resource_watch.hpp"
#include "core/change_queue.hpp"
#include "core/driver.hpp"
#include "core/list_budget.hpp"

namespace rollcall::kubernetes {

/// The work of a session; only its own coroutines may outlive it.
///
/// A list reads Services and endpoints, then pods, into the roster. For a watch it then opens the
/// watch of each source. One coroutine per source reads that watch, reopens it where it ended, and
/// turns its lines into changes. If a watch cannot continue, it ends the session or asks for
/// another list.
class Observation : public std::enable_shared_from_this<Observation> {
 public:
  /// `streams_lists`: the server may support streamed lists.
  Observation(EngineStatePtr engine, Purpose purpose, bool streams_lists,
              boost::asio::any_io_executor executor);
  ~Observation();
  Observation(const Observation&) = delete;
  Observation& operator=(const Observation&) = delete;

  [[nodiscard]] Task<Snapshot> list();
  [[nodiscard]] Task<Change> next();

  /// Ends the coroutines; they may keep this object alive for a moment.
  void stop();

  /// A note about what may not be read, with the remedy; empty if there is none.
  [[nodiscard]] std::string blind_spot() const;
  [[nodiscard]] std::size_t unknown_signals() const noexcept { return unknown_signals_; }

 private:
  using Gate = boost::asio::experimental::channel<void(boost::system::error_code)>;
  using Outcome = ResourceWatch::Outcome;
  struct Runner {
    boost::asio::cancellation_signal stop;
  };

  // Lists.
  [[nodiscard]] Task<bool> list_round(Roster& roster);
  [[nodiscard]] Task<Outcome> list_source(ResourceWatchPtr source, Roster& roster);
  [[nodiscard]] Task<void> list_network(Roster& roster, std::string name_space);
  [[nodiscard]] Task<bool> list_slices(Roster& roster, std::string name_space);
  [[nodiscard]] Task<bool> list_optional(ResourceWatchPtr source, Roster& roster);
  [[nodiscard]] Task<bool> list_pods(Roster& roster, std::string name_space);
  [[nodiscard]] Task<bool> open_watches();
  [[nodiscard]] Task<void> prove_watches();
  [[nodiscard]] std::vector<std::string> spaces() const;
  // What was known before the list, besides the roster that the list fills.
  [[nodiscard]] const Roster* elder() const { return watches_ ? nullptr : engine_->roster.get(); }
  Result<void> check_roster(const Roster& roster) const;
  Result<void> take_item(ResourceWatch& source, Roster& roster, std::string_view item);
  Result<void> take_list_line(ResourceWatch& source, Roster& roster, std::string_view line);

  // Watches.
  void start();
  template <class Work>
  void spawn(Work work);
  // Coroutines of an earlier epoch, from before the last stop(), must have no effect any more.
  [[nodiscard]] boost::asio::awaitable<void> run(ResourceWatchPtr source, std::uint64_t epoch);
  [[nodiscard]] Task<void> read_to_its_end(ResourceWatchPtr source, std::uint64_t epoch);
  [[nodiscard]] boost::asio::awaitable<void> ask_again(std::uint64_t epoch);
  Result<void> take_line(ResourceWatch& source, std::string_view line);
  template <class Object>
  Result<bool> take_event(ResourceWatch& source, std::string_view line, Event<Object>& event);
  void fail_with(RuntimeError error, std::uint64_t epoch);
  void wake() { gate_.try_send(boost::system::error_code()); }
  [[nodiscard]] Duration desync_delay();

  EngineStatePtr engine_;
  bool watches_;
  bool streams_lists_;
  boost::asio::any_io_executor executor_;
  Decoder decoder_;
  std::shared_ptr<Roster> roster_;
  std::vector<ResourceWatchPtr> sources_;
  std::vector<std::shared_ptr<Runner>> runners_;
  std::uint64_t epoch_ = 0;
  std::vector<RuntimeError> blind_;  // what was refused, and is done without
  bool fails_ = false;               // the server fails over some of it
  std::vector<ResourceWatchPtr> refused_;

  std::optional<ListBudget> budget_;  // Of the current list.
  bool listing_ = true;               // Changes are held back until the list is told.
  ChangeQueue changes_;
  std::optional<RuntimeError> failure_;
  Gate gate_;     // Opened when there is something to tell.
  Gate drained_;  // Opened when changes have been taken.
  std::size_t unknown_signals_ = 0;
};

class KubernetesSession final : public Session {
 public:
  KubernetesSession(EngineStatePtr engine, std::shared_ptr<Observation> observation,
                    std::string version)
      : engine_(std::move(engine)),
        observation_(std::move(observation)),
        version_(std::move(version)) {}
  ~KubernetesSession() override { observation_->stop(); }
  KubernetesSession(const KubernetesSession&) = delete;
  KubernetesSession& operator=(const KubernetesSession&) = delete;

  [[nodiscard]] Task<Snapshot> list() override { return observation_->list(); }
  [[nodiscard]] Task<Change> next() override { return observation_->next(); }
  /// Changes carry the whole state, so there is nothing to read.
  [[nodiscard]] Task<Snapshot> read(std::vector<Touched> /*touched*/) override {
    co_return Snapshot();
  }
  [[nodiscard]] Task<void> probe() override { return engine_->api.ping(); }
  [[nodiscard]] Task<std::vector<std::string>> examine() override {
    std::vector<std::string> namespaces(engine_->namespaces.begin(), engine_->namespaces.end());
    return review_access(engine_->api, std::move(namespaces), engine_->own_namespace);
  }
  [[nodiscard]] std::size_t unknown_signals() const noexcept override {
    return observation_->unknown_signals();
  }
  [[nodiscard]] EngineInfo info() const override {
    return {.product = "Kubernetes",
            .version = version_,
            .api_version = "v1",
            .blind_spot = observation_->blind_spot()};
  }

 private:
  EngineStatePtr engine_;
  std::shared_ptr<Observation> observation_;
  std::string version_;
};

}  // namespace rollcall::kubernetes
