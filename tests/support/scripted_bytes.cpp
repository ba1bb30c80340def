#include "support/scripted_bytes.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "support/websocket_frames.hpp"

namespace rollcall::test {

namespace asio = boost::asio;
using Verb = Fault::Verb;

namespace {

bool is(const std::optional<Fault>& fault, Verb verb) {
  return fault && fault->verb == verb;
}

/// A message in frames of `size` bytes, each but the last with a ping after it.
std::string fragments(std::string_view message, std::size_t size) {
  std::string text;
  bool first = true;
  for (; message.size() > size; message.remove_prefix(size)) {
    text += frame(first ? Frame::first_of_text : Frame::middle, message.substr(0, size));
    text += frame(Frame::ping, "between");
    first = false;
  }
  return text + frame(first ? Frame::text : Frame::continuation, message);
}

}  // namespace

bool is_meant(std::string_view target, std::string_view part) {
  if (part.ends_with('$')) return target.ends_with(part.substr(0, part.size() - 1));
  return target.contains(part);
}

void EventFeed::push(std::string event) {
  const bool fits = events_.size() < bound_;
  if (fits) events_.push_back(std::move(event));
  if (!fits) ++lost_;
  arrived_.notify();
}

void EventFeed::end() {
  ended_ = true;
  arrived_.notify();
}

asio::awaitable<std::vector<std::string>> EventFeed::take(bool all) {
  while (events_.empty() && !ended_) co_await arrived_.wait();
  std::vector<std::string> taken;
  while (!events_.empty() && (all || taken.empty())) {
    taken.push_back(std::move(events_.front()));
    events_.pop_front();
  }
  co_return taken;
}

bool has_no_end(Verb verb) {
  return verb == Verb::endless || verb == Verb::endless_head || verb == Verb::drip ||
         verb == Verb::drip_head;
}

std::string chunk(const std::string& text) {
  return text.empty() ? "" : fmt::format("{:x}\r\n{}\r\n", text.size(), text);
}

Framed framed(std::vector<std::string> events, bool websocket, const std::optional<Fault>& fault) {
  corrupt(events.front(), fault);
  // White space is allowed after the brace that every event begins with.
  if (is(fault, Verb::oversized)) events.front().insert(1, fault->amount, ' ');
  std::string text;
  if (!websocket) {
    for (const std::string& event : events) text += event;
    text = fmt::format("{:x}\r\n{}\r\n", text.size(), text);
    return {text, text.find("\r\n") + 2};
  }
  for (const std::string& event : events) {
    text +=
        is(fault, Verb::fragments) ? fragments(event, fault->amount) : frame(Frame::text, event);
  }
  return {text, text.find(events.front())};
}

std::string farewell(bool websocket, const std::optional<Fault>& fault) {
  if (!websocket) return "0\r\n\r\n";
  if (!is(fault, Verb::close_with)) return close_frame();
  if (fault->amount == 0) return frame(Frame::close, {});
  return close_frame(static_cast<std::uint16_t>(fault->amount), "told to");
}

std::string head_of(const ScriptedAnswer& answer, const std::string& request) {
  if (answer.websocket) return upgrade_answer(request);
  return fmt::format("HTTP/1.1 {} X\r\n{}Transfer-Encoding: chunked\r\n\r\n", answer.status,
                     answer.headers);
}

void corrupt(std::string& text, const std::optional<Fault>& fault) {
  if (is(fault, Verb::corrupt) && fault->amount < text.size()) text[fault->amount] = '\x01';
}

std::vector<std::size_t> ends_of_pieces(std::size_t size, const std::optional<Fault>& fault) {
  std::vector<std::size_t> ends;
  if (is(fault, Verb::parts)) {
    ends = fault->places;
    for (std::size_t at = fault->amount; fault->amount > 0 && at < size; at += fault->amount) {
      ends.push_back(at);
    }
    std::erase_if(ends, [size](std::size_t end) { return end == 0 || end >= size; });
    std::ranges::sort(ends);
  }
  ends.push_back(size);
  return ends;
}

}  // namespace rollcall::test
