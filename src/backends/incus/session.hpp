// One connection to an Incus or LXD server: its list, its events, its readings.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <rollcall/log.hpp>

#include "backends/incus/api.hpp"
#include "backends/incus/decode.hpp"
#include "backends/incus/event_streams.hpp"
#include "backends/incus/events.hpp"
#include "core/driver.hpp"
#include "core/env.hpp"

namespace rollcall::incus {

/// What outlives a session.
struct Setup {
  Endpoint endpoint;
  std::string shown_endpoint;
  std::set<std::string, std::less<>> projects;  ///< Those that were chosen; empty: all.
  EnvPtr env;
  Logger log;
  Wire wire;

  void warn(const std::string& message) const {
    if (log) log(LogLevel::warning, message);
  }
};
using SetupPtr = std::shared_ptr<const Setup>;

class IncusSession final : public Session {
 public:
  IncusSession(SetupPtr setup, std::unique_ptr<Api> api, Server server);

  /// Finds out which projects may be read.
  [[nodiscard]] Task<void> choose_projects();

  /// Opens the stream of events: one for all projects, or where that is refused one for each of a
  /// few; lists every now and then instead where there is none.
  [[nodiscard]] Task<void> open_events();

  [[nodiscard]] Task<Snapshot> list() override;
  [[nodiscard]] Task<Change> next() override;
  [[nodiscard]] Task<Snapshot> read(std::vector<Touched> touched) override;
  [[nodiscard]] Task<void> probe() override;
  [[nodiscard]] EngineInfo info() const override;
  [[nodiscard]] std::size_t unknown_signals() const noexcept override { return unknown_signals_; }

 private:
  /// An instance on its way to be told.
  struct Draft {
    DecodedInstance decoded;
    bool settled = true;
  };
  using Drafts = std::map<std::string, Draft>;             // by id
  using NetworkKey = std::pair<std::string, std::string>;  // project, name

  [[nodiscard]] Api::Sink into(Drafts& drafts);
  [[nodiscard]] Task<void> fetch_lists(std::set<std::string, std::less<>> projects, Drafts& drafts);
  [[nodiscard]] Task<void> fetch_one(std::string id, Drafts& drafts);
  [[nodiscard]] Task<void> fetch_each(std::vector<std::string> ids, Drafts& drafts);
  [[nodiscard]] Task<void> fetch_touched(std::vector<std::string> ids, Drafts& drafts);
  [[nodiscard]] Task<void> add_states(Drafts& drafts);
  [[nodiscard]] Task<void> add_state(Draft& draft);
  [[nodiscard]] Task<void> add_forwards_to(Drafts& drafts);
  [[nodiscard]] Task<void> fetch_forwards(NetworkKey network);
  [[nodiscard]] Task<void> trust_pauses(Drafts& drafts);
  [[nodiscard]] std::vector<Reading> finish(Drafts drafts);
  [[nodiscard]] Task<std::vector<WebSocketPtr>> open_streams();
  [[nodiscard]] Result<void> take_event(std::string message);
  void count_unknown(const std::string& action);

  SetupPtr setup_;
  std::unique_ptr<Api> api_;
  Server server_;
  std::set<std::string, std::less<>> projects_;  // that are read; empty: all at once
  Decoder decoder_;
  EventDecoder event_decoder_;
  std::unique_ptr<EventStreams> events_;  // null: all is listed now and then
  std::deque<Change> changes_;
  std::size_t listed_ = 0;                     // instances in the last list
  std::set<std::string, std::less<>> paused_;  // of those that were told
  std::map<NetworkKey, std::vector<ForwardedPort>> forwards_;
  std::size_t unknown_signals_ = 0;
  std::set<std::string, std::less<>> unknown_actions_;  // that were said
};

}  // namespace rollcall::incus
