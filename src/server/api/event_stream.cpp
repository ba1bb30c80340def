#include "server/api/event_stream.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "core/budgets.hpp"
#include "core/json/json_text.hpp"

namespace rollcall::server {

namespace asio = boost::asio;
namespace json = boost::json;

EventStream::EventStream(const asio::any_io_executor& executor, Subscription subscription,
                         EventFormat format, Selection selection,
                         std::shared_ptr<ChangeTexts> texts, std::shared_ptr<Answers> answers,
                         const Hub& hub, const Limits& limits, Stats& stats, bool trusted)
    : subscription_(std::make_shared<Subscription>(std::move(subscription))),
      format_(format),
      selection_(std::move(selection)),
      texts_(std::move(texts)),
      answers_(std::move(answers)),
      hub_(hub),
      limits_(limits),
      stats_(stats),
      counted_(stats.subscribers),
      timer_(executor),
      wound_(std::make_shared<bool>(false)) {
  if (trusted) counted_as_trusted_.emplace(stats.trusted_subscribers);
}

SharedText EventStream::say(std::string text) {
  last_said_ = Clock::now();
  return std::make_shared<const std::string>(std::move(text));
}

SharedText EventStream::opening() {
  const std::string cursor = to_string(subscription_->cursor());
  const bool all_known = hub_.unknown().complete();
  // A client that resumes from an incomplete view gets a bookmark once it has caught up.
  if (hub_.unknown().was_complete_at(subscription_->cursor().sequence))
    told_unknown_ = hub_.unknown().members();
  if (format_ == EventFormat::sse) {
    return say(fmt::format("retry: {}\nid: {}\n\n{}", limits_.retry.count(), cursor,
                           all_known ? std::string() : bookmark()));
  }
  return all_known ? heartbeat() : say(bookmark());
}

/// Builds a bookmark: whether the view is complete, else which engines are unknown.
std::string EventStream::bookmark() {
  told_unknown_ = hub_.unknown().members();
  const std::string cursor = to_string(subscription_->cursor());
  json::object told{{"cursor", cursor}, {"type", "bookmark"}};
  add_unknown(told, hub_.unknown().list());
  const std::string line = serialized(told);
  if (format_ == EventFormat::json_lines) return line + "\n";
  return fmt::format("id: {}\nevent: bookmark\ndata: {}\n\n", cursor, line);
}

/// The bookmark waits until the client has caught up: before that, the client would take instances
/// that the next changes bring for gone.
bool EventStream::owes_bookmark() const {
  return told_unknown_ != hub_.unknown().members() && subscription_->cursor() == hub_.cursor();
}

SharedText EventStream::heartbeat() {
  const std::string cursor = to_string(subscription_->cursor());
  // To a client of SSE, an id without data moves its position and is no event.
  if (format_ == EventFormat::sse) return say(fmt::format(": heartbeat\nid: {}\n\n", cursor));
  json::object told{{"cursor", cursor}, {"type", "bookmark"}};
  if (!hub_.unknown().complete()) told["complete"] = false;
  return say(serialized(told) + "\n");
}

SharedText EventStream::farewell(const LogGap& gap) {
  ++stats_.lagged;
  ended_ = true;
  const std::string newest = to_string(gap.newest);
  const std::string line = serialized(json::object{{"cursor", newest},
                                                   {"type", "lagged"},
                                                   {"missed", gap.missed},
                                                   {"oldest", to_string(gap.oldest)},
                                                   {"detail", describe(gap)}});
  // A client of SSE that reconnects by itself goes on after the gap that is reported here.
  if (format_ == EventFormat::sse) {
    return say(fmt::format("id: {}\nevent: lagged\ndata: {}\n\n", newest, line));
  }
  return say(line + "\n");
}

/// Sends a change alone, as a text that subscribers share. A long one counts among the answers; if
/// there is no room for it, the stream ends, and the client can resume from its cursor later.
SharedText EventStream::alone(const LogEntry& entry) {
  const std::uint64_t epoch = subscription_->cursor().epoch;
  SharedText text =
      format_ == EventFormat::sse ? texts_->frame(entry, epoch) : texts_->line(entry, epoch);
  SharedText held = answers_->hold(std::move(text)).text;
  ended_ = !held;
  return held;
}

SharedText EventStream::changes(const std::vector<LogEntryPtr>& batch) {
  std::vector<LogEntryPtr> wanted;
  std::ranges::copy_if(batch, std::back_inserter(wanted),
                       [this](const LogEntryPtr& entry) { return selection_.wants(*entry); });
  if (wanted.empty()) return nullptr;
  last_said_ = Clock::now();
  if (wanted.size() == 1) return alone(*wanted.front());
  const std::uint64_t epoch = subscription_->cursor().epoch;
  std::string all;
  for (const LogEntryPtr& entry : wanted) {
    const SharedText frame = texts_->frame(*entry, epoch);
    all += format_ == EventFormat::sse ? std::string_view(*frame) : ChangeTexts::line_in(*frame);
  }
  return std::make_shared<const std::string>(std::move(all));
}

/// Starts the heartbeat timer unless it runs. Changes do not restart it, so they cost no timer.
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
    if (owes_bookmark()) co_return say(bookmark());
    wind_up();
    auto waiting = subscription_->next(limits_.batch_entries, budget::change_batch_bytes);
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
