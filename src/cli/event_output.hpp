// What `rollcall watch` prints, wherever the events come from.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <rollcall/event.hpp>
#include <rollcall/inventory.hpp>

#include "cli/command_line/options.hpp"
#include "cli/console.hpp"
#include "cli/view/event_lines.hpp"
#include "cli/view/standard_output.hpp"

namespace rollcall::cli {

/// Shows events in the form, and with the filters, that the options ask for.
///
/// Lifetime: options and console outlive it. Threads: one executor.
class EventOutput {
 public:
  EventOutput(const Options& options, Console& console,
              const boost::asio::any_io_executor& executor);

  /// Keeps the inventory even if the output does not need it.
  void keep_known() { keeps_known_ = true; }

  /// Shows the event if the filters want it, and folds it into the inventory if that is kept.
  /// Completes when the reader has room for the next event.
  [[nodiscard]] boost::asio::awaitable<void> show(RuntimeEvent event);

  /// Folds an event into the inventory before it is shown: for many events that come at once.
  void know(const RuntimeEvent& event) {
    if (keeps_known_) known_.apply(event);
  }

  /// Writes the kept output whenever the reader takes some. Ends after close(), or when the reader
  /// has gone, which it reports to the console.
  [[nodiscard]] boost::asio::awaitable<void> run();

  void close() { output_.close(); }

  [[nodiscard]] const Inventory& known() const noexcept { return known_; }

 private:
  [[nodiscard]] bool wanted(const RuntimeEvent& event) const;

  const Options& options_;
  Console& console_;
  StandardOutput output_;
  Inventory known_;
  bool keeps_known_;  // to show differences, name network owners, and see instances leave a filter
  EventLines lines_;
};

}  // namespace rollcall::cli
