// The bytes of a scripted engine: heads, and the events of a stream as HTTP chunks or WebSocket
// messages, with the faults in them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "support/scripted_engine.hpp"

namespace rollcall::test {

/// Encoded events.
struct Framed {
  std::string text;
  std::size_t begin;  ///< Where the first event itself begins.
};

/// Encodes events as one chunk or as messages; applies the faults fragments, oversized and corrupt.
Framed framed(std::vector<std::string> events, bool websocket, const std::optional<Fault>& fault);

/// The bytes that end a stream, regularly or with the close code of a fault.
std::string farewell(bool websocket, const std::optional<Fault>& fault);

/// The head of an answer whose body is a feed.
std::string head_of(const ScriptedAnswer& answer, const std::string& request);

bool has_no_end(Fault::Verb verb);

/// The text as an HTTP chunk; empty for an empty text.
std::string chunk(const std::string& text);

void corrupt(std::string& text, const std::optional<Fault>& fault);

/// The ends of the pieces in which a text is written.
std::vector<std::size_t> ends_of_pieces(std::size_t size, const std::optional<Fault>& fault);

}  // namespace rollcall::test
