#include "server/event_stream.hpp"

#include <utility>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace rollcall::server {

namespace asio = boost::asio;
namespace json = boost::json;

EventStream::EventStream(const asio::any_io_executor& executor, Subscription subscription,
                         EventFormat format, Selection selection,
                         std::shared_ptr<ChangeTexts> texts, const Limits& limits, Stats& stats)
    : subscription_(std::make_shared<Subscription>(std::move(subscription))),
      format_(format),
      selection_(std::move(selection)),
      texts_(std::move(texts)),
      limits_(limits),
      stats_(stats),
      counted_(stats.subscribers),
      timer_(executor),
      wound_(std::make_shared<bool>(false)) {}

SharedText EventStream::say(std::string text) {
  last_said_ = Clock::now();
  return std::make_shared<const std::string>(std::move(text));
}

SharedText EventStream::opening() {
  const std::string cursor = to_string(subscription_->cursor());
  if (format_ == EventFormat::sse) {
    return say(fmt::format("retry: {}\nid: {}\n\n", limits_.retry.count(), cursor));
  }
  return heartbeat();
}

SharedText EventStream::heartbeat() {
  const std::string cursor = to_string(subscription_->cursor());
  // An id without data moves the position of a client of SSE, and is no event to it.
  if (format_ == EventFormat::sse) return say(fmt::format(": heartbeat\nid: {}\n\n", cursor));
  return say(json::serialize(json::object{{"cursor", cursor}, {"type", "bookmark"}}) + "\n");
}

SharedText EventStream::farewell(const LogGap& gap) {
  ++stats_.lagged;
  ended_ = true;
  const std::string newest = to_string(gap.newest);
  const std::string line = json::serialize(json::object{{"cursor", newest},
                                                        {"type", "lagged"},
                                                        {"missed", gap.missed},
                                                        {"oldest", to_string(gap.oldest)},
                                                        {"detail", describe(gap)}});
  // A client of SSE that connects again by itself goes on behind the gap of which it is told here.
  if (format_ == EventFormat::sse) {
    return say(fmt::format("id: {}\nevent: lagged\ndata: {}\n\n", newest, line));
  }
  return say(line + "\n");
}

SharedText EventStream::changes(const std::vector<LogEntryPtr>& batch) {
  const std::uint64_t epoch = subscription_->cursor().epoch;
  std::vector<SharedText> frames;
  for (const LogEntryPtr& entry : batch) {
    if (selection_.wants(*entry)) frames.push_back(texts_->frame(*entry, epoch));
  }
  if (frames.empty()) return nullptr;
  last_said_ = Clock::now();
  if (frames.size() == 1 && format_ == EventFormat::sse) return frames.front();
  std::string all;
  for (const SharedText& frame : frames) {
    all += format_ == EventFormat::sse ? std::string_view(*frame) : ChangeTexts::line_in(*frame);
  }
  return std::make_shared<const std::string>(std::move(all));
}

/// The timer runs on while changes come, so that one costs no timer.
void EventStream::wind_up() {
  if (std::exchange(*wound_, true)) return;
  timer_.expires_after(limits_.heartbeat);
  timer_.async_wait(
      [subscription = subscription_, wound = wound_](const boost::system::error_code& error) {
        if (error) return;
        *wound = false;
        subscription->wake();
      });
}

asio::awaitable<SharedText> EventStream::next() {
  if (!std::exchange(opened_, true)) co_return opening();
  while (!ended_) {
    wind_up();
    auto waiting = subscription_->next(limits_.batch_entries);
    auto batch = co_await std::move(waiting);
    if (!batch) {
      timer_.cancel();
      co_return farewell(batch.error());
    }
    if (batch->empty()) {
      if (subscription_->closed()) break;
      if (Clock::now() - last_said_ >= limits_.heartbeat / 2) co_return heartbeat();
    } else if (SharedText text = changes(*batch)) {
      co_return text;
    }
  }
  timer_.cancel();
  co_return nullptr;
}

}  // namespace rollcall::server
