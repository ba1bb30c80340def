#include "support/scripted_bytes.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "support/websocket_frames.hpp"

namespace rollcall::test {

using Verb = Fault::Verb;

namespace {

bool is(const std::optional<Fault>& fault, Verb verb) {
  return fault && fault->verb == verb;
}

/// A message in frames of `size` bytes, each but the last with a ping behind it.
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
