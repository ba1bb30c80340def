// What a scripted engine writes: heads, and the events of a stream as chunks of HTTP or as messages
// of a WebSocket, with what goes wrong in them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "support/scripted_engine.hpp"

namespace rollcall::test {

/// Events as they are written.
struct Framed {
  std::string text;
  std::size_t begin;  ///< Of the first event itself.
};

/// `fault` is what happens to the stream: fragments, oversized and corrupt are in what comes of it.
Framed framed(std::vector<std::string> events, bool websocket, const std::optional<Fault>& fault);

/// What ends a stream: in the regular way, or by the code that a fault says.
std::string farewell(bool websocket, const std::optional<Fault>& fault);

/// The head of an answer whose body is a feed.
std::string head_of(const ScriptedAnswer& answer, const std::string& request);

bool has_no_end(Fault::Verb verb);

/// Of HTTP; of nothing, none.
std::string chunk(const std::string& text);

void corrupt(std::string& text, const std::optional<Fault>& fault);

/// Where a text is cut into the pieces that are written one by one.
std::vector<std::size_t> ends_of_pieces(std::size_t size, const std::optional<Fault>& fault);

}  // namespace rollcall::test
