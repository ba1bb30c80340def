// What `rollcall watch` prints, wherever the events come from.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <rollcall/event.hpp>
#include <rollcall/inventory.hpp>

#include "cli/console.hpp"
#include "cli/event_lines.hpp"
#include "cli/options.hpp"
#include "cli/outlet.hpp"

namespace rollcall::cli {

/// Shows events in the form, and with the filters, that the options ask for.
///
/// Lifetime: options and console outlive it. Threads: one executor.
class EventOutput {
 public:
  EventOutput(const Options& options, Console& console,
              const boost::asio::any_io_executor& executor);

  /// Keeps all that is known, whatever the output needs of it.
  void keep_known() { keeps_known_ = true; }

  /// Shows the event if it is wanted, and folds it into what is known, if that is kept. Completes
  /// when the reader has room for the next.
  [[nodiscard]] boost::asio::awaitable<void> show(RuntimeEvent event);

  /// Folds an event into what is known before it is shown: for many that come at once.
  void know(const RuntimeEvent& event) {
    if (keeps_known_) known_.apply(event);
  }

  /// Writes what is kept whenever the reader takes some; ends when the reader has gone, which the
  /// console is told, or after close().
  [[nodiscard]] boost::asio::awaitable<void> run();

  void close() { outlet_.close(); }

  [[nodiscard]] const Inventory& known() const noexcept { return known_; }

 private:
  [[nodiscard]] bool wanted(const RuntimeEvent& event) const;

  const Options& options_;
  Console& console_;
  Outlet outlet_;
  Inventory known_;
  bool keeps_known_;  // for what an event changes, whom it depends on, and who leaves a filter
  EventLines lines_;
};

}  // namespace rollcall::cli
