// One watch: runs the reflector's states, and the coroutines that each of them needs.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <rollcall/channel.hpp>

#include "engine/reconcile.hpp"
#include "engine/reflector.hpp"
#include "engine/reflector_fsm.hpp"
#include "engine/signal.hpp"
#include "engine/task_group.hpp"
#include "engine/touch_book.hpp"

namespace rollcall {

/// Lives in the frame of Reflector::watch; every coroutine that it starts has ended when run()
/// ends.
///
/// The controller alone moves the state machine. The others (connect, list, reader, resolver,
/// prober, timers) report outcomes to its inbox. The reader only drains the stream into the book of
/// touches; the resolver reads what was touched. An epoch tells the reports of a session that was
/// dropped meanwhile.
class Watch {
 public:
  Watch(Reflector& reflector, EventSender events);

  /// Success when cancelled or when the consumer closes the channel. Leaves nothing on the
  /// executor, also when it is unwound by Asio's own cancellation.
  [[nodiscard]] Task<void> run(CancellationToken cancel);

 private:
  using Outcome = ReflectorFsm::Outcome;
  using SessionPtr = std::shared_ptr<Session>;

  struct Report {
    Outcome outcome;
    std::uint64_t epoch;
    std::optional<RuntimeError> error{};
    SessionPtr session{};
    Snapshot snapshot{};
  };

  boost::asio::awaitable<void> control();
  void report(Report report);
  void report_failure(Outcome outcome, std::uint64_t epoch, RuntimeError error);
  ReflectorFsm::Action resume(const Report& report);
  void perform(ReflectorFsm::Action& action, Report& report);
  void observe(const Report& report, Duration retry_in) const;
  void begin(ReflectorFsm::Step step, Duration delay);
  void drop_session();
  void begin_session(SessionPtr session);
  void apply_list(const Snapshot& snapshot);
  void apply_reading(const std::string& id, const Reading* reading, Timestamp taken_at);
  void take(const Change& change);
  bool hold_back(const Change& change);
  void upsert(const InstancePtr& instance);
  void gone(const Gone& gone);
  void touch(const Touched& touched);
  void tell(const Difference& difference, Timestamp as_of);
  void know(const Difference& difference, Timestamp as_of);
  void look_again(const Reading& reading);
  void restore_undelivered();
  void log_failure(const RuntimeError& error);
  void count_unknown_signals();

  boost::asio::awaitable<void> wait_closed();
  boost::asio::awaitable<void> connect(std::uint64_t epoch);
  boost::asio::awaitable<void> list(SessionPtr session, std::uint64_t epoch);
  boost::asio::awaitable<void> sleep_then_report(Duration delay, std::uint64_t epoch);
  boost::asio::awaitable<void> endpoint_then_report(std::uint64_t epoch);
  boost::asio::awaitable<void> read_stream(SessionPtr session, std::uint64_t epoch);
  boost::asio::awaitable<void> resolve(SessionPtr session, std::uint64_t epoch);
  boost::asio::awaitable<void> read(SessionPtr session, std::uint64_t epoch,
                                    std::vector<Touched> batch);
  boost::asio::awaitable<void> probe_when_quiet(SessionPtr session, std::uint64_t epoch);
  boost::asio::awaitable<void> resync_periodically(std::uint64_t epoch);
  boost::asio::awaitable<void> touch_later(std::string id, Duration delay);

  Reflector& reflector_;
  EventSender events_;
  ReflectorFsm fsm_;
  TaskGroup group_;
  TaskGroup phase_;  // what belongs to the present session or back-off
  Signal inbox_signal_;
  std::deque<Report> inbox_;
  Result<void> result_;

  std::uint64_t epoch_ = 0;
  SessionPtr session_;
  TouchBook book_;
  Signal touched_;
  std::size_t readings_ = 0;                  // under way
  std::uint64_t round_ = 0;                   // counts lists: a reading from before a list is void
  std::map<std::string, std::size_t> looks_;  // at instances that are not settled, how often
  bool doubted_ = false;                      // a list is about to be asked for
  bool list_answered_ = false;                // and its answer not yet applied
  std::vector<Change> held_;                  // until it is
  Monotonic last_change_{};
  Cause list_cause_ = Cause::initial;
  RuntimeError last_failure_;
  std::string lost_name_;
};

}  // namespace rollcall
