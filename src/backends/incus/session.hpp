// One connection to an Incus or LXD server: its list, its events, its reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rollcall/log.hpp>

#include "backends/incus/api.hpp"
#include "backends/incus/decode.hpp"
#include "backends/incus/event_streams.hpp"
#include "backends/incus/events.hpp"
#include "core/async/env.hpp"
#include "core/change_queue.hpp"
#include "core/driver.hpp"
#include "core/list_budget.hpp"

namespace rollcall::incus {

/// State that outlives a session.
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

/// The project and the name of an id.
std::pair<std::string, std::string> split_id(std::string_view id);

class IncusSession final : public Session {
 public:
  IncusSession(SetupPtr setup, std::unique_ptr<Api> api, ServerInfo server);

  /// Finds out which projects may be read.
  [[nodiscard]] Task<void> choose_projects();

  /// Opens the stream of events: one for all projects; if that is refused, one for each of a few
  /// projects; otherwise lists are repeated periodically.
  [[nodiscard]] Task<void> open_events();

  [[nodiscard]] Task<Snapshot> list() override;
  [[nodiscard]] Task<Change> next() override;
  [[nodiscard]] Task<Snapshot> read(std::vector<Touched> touched) override;
  [[nodiscard]] Task<void> probe() override;
  [[nodiscard]] EngineInfo info() const override;
  [[nodiscard]] std::size_t unknown_signals() const noexcept override { return unknown_signals_; }

 private:
  /// An instance that is not complete yet.
  struct Draft {
    DecodedInstance decoded;
    bool settled = true;
  };
  /// The instances of one list, or of one reading.
  struct Drafts {
    explicit Drafts(const Api& api) : budget(api.url(), api.limits()) {}
    std::map<std::string, Draft> all{};  // by id
    ListBudget budget;
  };
  using NetworkKey = std::pair<std::string, std::string>;  // project, name
  struct Forwards {
    std::vector<ForwardedPorts> ports{};
    std::string trouble{};  // why they are not all known; empty: they are
  };

  [[nodiscard]] Api::Sink into(Drafts& drafts);
  [[nodiscard]] Task<void> fetch_lists(std::set<std::string, std::less<>> projects, Drafts& drafts);
  [[nodiscard]] Task<void> fetch_one_by_one(std::string project, RuntimeError trouble,
                                            Drafts& drafts);
  /// What is to be expected of the server's list.
  enum class ListTells : std::uint8_t { all, nothing };
  [[nodiscard]] Task<bool> fetch_of_list(std::string id, Drafts& drafts);
  [[nodiscard]] Task<void> fetch_one(std::string id, ListTells list, Drafts& drafts);
  [[nodiscard]] Task<void> fetch_each(std::vector<std::string> ids, Drafts& drafts);
  [[nodiscard]] Task<void> fetch_touched(std::vector<std::string> ids, Drafts& drafts);
  [[nodiscard]] Task<void> add_states(Drafts& drafts);
  [[nodiscard]] Task<void> add_state(Draft& draft, ListBudget& budget);
  [[nodiscard]] Task<void> add_forwards_to(Drafts& drafts);
  [[nodiscard]] Result<void> add_forwards_to(Draft& draft, ListBudget& budget) const;
  [[nodiscard]] Task<Forwards> fetch_forwards(NetworkKey network, ListBudget& budget);
  [[nodiscard]] Task<void> trust_pauses(Drafts& drafts);
  [[nodiscard]] std::vector<Reading> finish(Drafts drafts);
  [[nodiscard]] Task<std::vector<WebSocketPtr>> open_streams();
  [[nodiscard]] Result<void> take_event(std::string message);
  void count_unknown(const std::string& action);

  SetupPtr setup_;
  std::unique_ptr<Api> api_;
  ServerInfo server_;
  std::set<std::string, std::less<>> projects_;  // Projects that are read; empty: all at once.
  Decoder decoder_;
  EventDecoder event_decoder_;
  std::unique_ptr<EventStreams> events_;  // Null: lists are repeated instead.
  ChangeQueue changes_;
  std::size_t listed_ = 0;                     // instances in the last list
  std::set<std::string, std::less<>> paused_;  // of those that were told
  std::map<NetworkKey, Forwards> forwards_;
  std::size_t unknown_signals_ = 0;
  std::set<std::string, std::less<>> unknown_actions_;  // Those that were logged.
};

}  // namespace rollcall::incus
