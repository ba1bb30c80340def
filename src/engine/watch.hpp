// One watch: runs the reflector's states, and the coroutines that each of them needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <rollcall/channel.hpp>

#include "core/async/signal.hpp"
#include "core/async/task_group.hpp"
#include "core/change_queue.hpp"
#include "engine/reconcile.hpp"
#include "engine/reflector.hpp"
#include "engine/reflector_fsm.hpp"
#include "engine/touch_book.hpp"

namespace rollcall {

/// Lives in the frame of Reflector::watch; every coroutine that it starts has ended when run()
/// ends.
///
/// The controller alone moves the state machine. The others (connect, list, reader, resolver,
/// prober, timers) report outcomes to its inbox. The reader only drains the stream into the book of
/// touches; the resolver reads the touched instances. An epoch marks the reports of a session that
/// was dropped meanwhile.
///
/// An exception of any of them, also for lack of memory, is an outage: the session is dropped with
/// all that it holds, the failure is reported, and the back-off goes on. Only if even that fails
/// does the watch end, with an error.
class Watch {
 public:
  Watch(Reflector& reflector, EventSender events);

  /// Succeeds when cancelled or when the consumer closes the channel. Leaves nothing on the
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

  using Began = std::list<Monotonic>;  // when each reading under way began

  boost::asio::awaitable<void> control();
  boost::asio::awaitable<void> work_until_done();
  boost::asio::awaitable<void> handle(Report report);
  boost::asio::awaitable<void> recover(std::exception_ptr thrown);
  void note_fault(const std::exception_ptr& thrown) noexcept;
  void watch_phase();
  void report(Report report);
  void report_failure(Outcome outcome, std::uint64_t epoch, RuntimeError error);
  ReflectorFsm::Action resume(const Report& report);
  boost::asio::awaitable<void> perform(ReflectorFsm::Action action, Report& report);
  void owe(const ReflectorFsm::Action& action);
  void tell_disconnected();
  void tell_return(ReflectorFsm::Step step);
  void observe(const Report& report, Duration retry_in, std::string_view reason) const;
  void begin(ReflectorFsm::Step step, Duration delay);
  void let_go();
  void drop_session();
  void begin_session(SessionPtr session);
  /// Whether changes of the stream may be applied at once: no list is under way or being applied.
  [[nodiscard]] bool live() const;
  boost::asio::awaitable<void> apply_list(Snapshot snapshot);
  boost::asio::awaitable<void> tell_all(const std::vector<Difference>& differences,
                                        Timestamp as_of);
  void apply_reading(const std::string& id, const Reading* reading, Timestamp taken_at);
  void take(Change change);
  bool hold_back(Change& change);
  void upsert(const InstancePtr& instance);
  void gone(const Gone& gone);
  void touch(const Touched& touched);
  void tell(const Difference& difference, Timestamp as_of);
  void send(const Difference& difference);
  void know(const Difference& difference, Timestamp as_of);
  void look_again(const Reading& reading);
  void restore_undelivered();
  void keep_reserve() noexcept;
  [[nodiscard]] RuntimeError too_many() const;
  void check_bounds();
  void log_failure(const RuntimeError& error);
  void count_unknown_signals();

  boost::asio::awaitable<void> wait_closed();
  boost::asio::awaitable<void> connect(std::uint64_t epoch);
  boost::asio::awaitable<void> limit_connect(std::uint64_t epoch);
  boost::asio::awaitable<void> limit_session(std::uint64_t epoch);
  boost::asio::awaitable<void> list(SessionPtr session, std::uint64_t epoch);
  boost::asio::awaitable<void> sleep_then_report(Duration delay, std::uint64_t epoch);
  boost::asio::awaitable<void> endpoint_then_report(std::uint64_t epoch);
  boost::asio::awaitable<void> read_stream(SessionPtr session, std::uint64_t epoch);
  boost::asio::awaitable<void> resolve(SessionPtr session, std::uint64_t epoch);
  boost::asio::awaitable<void> read(SessionPtr session, std::uint64_t epoch,
                                    std::vector<Touched> batch, Began::iterator under_way);
  boost::asio::awaitable<void> tell_identity(SessionPtr session, std::uint64_t epoch);
  boost::asio::awaitable<void> probe_when_quiet(SessionPtr session, std::uint64_t epoch);
  boost::asio::awaitable<void> resync_periodically(std::uint64_t epoch);
  boost::asio::awaitable<void> touch_later(std::string id, Duration delay);

  Reflector& reflector_;
  EventSender events_;
  ReflectorFsm fsm_;
  TaskGroup group_;
  TaskGroup phase_;  // the coroutines of the present session or back-off
  Signal inbox_signal_;
  std::deque<Report> inbox_;
  bool cancelled_ = false;     // by the token, or the consumer closed the channel
  bool minds_closing_ = true;  // wait_closed() is under way
  std::exception_ptr fault_;   // of a coroutine of the present session or back-off
  // Freed first when memory has run out, so that the failure can be reported.
  std::unique_ptr<std::byte[]> reserve_;  // NOLINT(*-avoid-c-arrays)
  Duration delay_{};                      // of the last back-off
  Result<void> result_;

  // Events decided on and not yet sent to the consumer.
  std::optional<std::string> owes_disconnected_;  // the reason
  bool owes_reconnected_ = false;
  bool owes_synced_ = false;

  std::uint64_t epoch_ = 0;
  SessionPtr session_;
  TouchBook book_;
  Signal touched_;
  Began readings_;                            // under way
  std::optional<Monotonic> list_began_;       // set while a list is under way
  std::uint64_t round_ = 0;                   // counts lists: a reading from before a list is void
  std::map<std::string, std::size_t> looks_;  // unsettled instance -> how often it was read again
  bool doubted_ = false;                      // a list is about to be asked for
  bool list_answered_ = false;                // the last list asked for has been answered
  bool applying_ = false;                     // a list is being applied, over several turns
  bool over_bounds_ = false;                  // the session is about to be dropped for it
  ChangeQueue held_;                          // changes held back until the list is applied
  Monotonic last_change_{};
  Cause list_cause_ = Cause::initial;
  RuntimeError last_failure_;
  BackendReconnected return_;  // what ends the last BackendDisconnected
};

}  // namespace rollcall
