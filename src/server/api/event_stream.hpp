// /v1/events: the stream of changes, as Server-Sent Events or JSON Lines.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "documents/stats.hpp"
#include "engine/hub.hpp"
#include "server/api/json_texts.hpp"
#include "server/api/selection.hpp"
#include "server/http/reply.hpp"
#include "server/options.hpp"

namespace rollcall::server {

enum class EventFormat : std::uint8_t { sse, json_lines };

/// The stream of one subscriber. It holds only a position in the log and the batch that is being
/// written. If the log overtakes a slow reader, the stream reports the loss and ends.
///
/// Begins with the cursor at which it starts, and sends the current one in each heartbeat, so that
/// a client whose filters drop most changes can resume near the present. Bookmarks say when the
/// instances of an engine become unknown or known again, which the log does not contain.
class EventStream final : public LiveBody {
 public:
  EventStream(const boost::asio::any_io_executor& executor, Subscription subscription,
              EventFormat format, Selection selection, std::shared_ptr<ChangeTexts> texts,
              std::shared_ptr<Answers> answers, const Hub& hub, const Limits& limits, Stats& stats,
              bool trusted = false);

  [[nodiscard]] boost::asio::awaitable<SharedText> next() override;
  void close() override { subscription_->close(); }

 private:
  using Clock = std::chrono::steady_clock;

  SharedText say(std::string text);
  SharedText opening();
  SharedText heartbeat();
  std::string bookmark();
  [[nodiscard]] bool owes_bookmark() const;
  SharedText farewell(const LogGap& gap);
  SharedText changes(const std::vector<LogEntryPtr>& batch);
  SharedText alone(const LogEntry& entry);
  void wind_up();

  std::shared_ptr<Subscription> subscription_;  // shared with the timer's handler
  EventFormat format_;
  Selection selection_;
  std::shared_ptr<ChangeTexts> texts_;
  std::shared_ptr<Answers> answers_;
  const Hub& hub_;
  const Limits& limits_;
  Stats& stats_;
  Counted counted_;
  std::optional<Counted> counted_as_trusted_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<bool> wound_;  // true: the timer runs
  Clock::time_point last_said_{};
  std::optional<std::uint64_t> told_unknown_;  // UnknownEngines::members() as last sent
  bool opened_ = false;
  bool ended_ = false;
};

}  // namespace rollcall::server
