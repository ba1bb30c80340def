// /v1/events: changes as they come, as Server-Sent Events or JSON Lines.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/hub.hpp"
#include "server/options.hpp"
#include "server/reply.hpp"
#include "server/selection.hpp"
#include "server/stats.hpp"
#include "server/texts.hpp"

namespace rollcall::server {

enum class EventFormat : std::uint8_t { sse, json_lines };

/// What one subscriber is told. It costs its position in the log, and the batch that is being
/// written; whoever reads too slowly for the log is told what was lost, and the stream ends.
///
/// Begins with the cursor from which it goes on, and repeats it in each heartbeat: also who filters
/// much may resume from near the present.
class EventStream final : public LiveBody {
 public:
  EventStream(const boost::asio::any_io_executor& executor, Subscription subscription,
              EventFormat format, Selection selection, std::shared_ptr<ChangeTexts> texts,
              const Limits& limits, Stats& stats);

  [[nodiscard]] boost::asio::awaitable<SharedText> next() override;
  void close() override { subscription_->close(); }

 private:
  using Clock = std::chrono::steady_clock;

  SharedText say(std::string text);
  SharedText opening();
  SharedText heartbeat();
  SharedText farewell(const LogGap& gap);
  SharedText changes(const std::vector<LogEntryPtr>& batch);
  void wind_up();

  std::shared_ptr<Subscription> subscription_;  // shared with the timer's handler
  EventFormat format_;
  Selection selection_;
  std::shared_ptr<ChangeTexts> texts_;
  const Limits& limits_;
  Stats& stats_;
  Counted counted_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<bool> wound_;  // the timer runs
  Clock::time_point last_said_{};
  bool opened_ = false;
  bool ended_ = false;
};

}  // namespace rollcall::server
