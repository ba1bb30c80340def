// Fuzzes what a client sends: the target, selectors, and headers such as Accept.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/selector.hpp"
#include "holds.hpp"
#include "server/http/accept.hpp"
#include "server/http/request_target.hpp"

namespace {

using rollcall::fuzz::holds;
using namespace rollcall::server;

/// The text with every byte percent-encoded.
std::string encoded(const std::string& text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte / 16U];
    out += digits[byte % 16U];
  }
  return out;
}

void check_target(std::string_view text) {
  const auto target = parse_target(text);
  if (!target) {
    holds(!target.error().empty() && target.error().size() < 200, "an error is a sentence");
    return;
  }
  holds(target->path.starts_with('/'), "a path begins with a slash");
  holds(target->segments.size() == static_cast<std::size_t>(std::ranges::count(target->path, '/')),
        "each slash begins a segment, and an encoded one does not");
  std::string again;
  for (const std::string& segment : target->segments) again += "/" + encoded(segment);
  again += "?";
  for (const auto& [name, value] : target->query)
    again += encoded(name) + "=" + encoded(value) + "&";
  const auto second = parse_target(again);
  holds(second && second->segments == target->segments && second->query == target->query,
        "what was decoded can be encoded");
}

}  // namespace

// The name is libFuzzer's. NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_target(text);
  if (const auto selector = rollcall::Selector::parse(text)) {
    holds(selector->matches({}) == selector->matches({}), "a selector knows its mind");
  }
  constexpr std::array<std::string_view, 2> offered = {"text/event-stream", "application/jsonl"};
  const auto chosen = preferred(text, offered);
  holds(!chosen || std::ranges::find(offered, *chosen) != offered.end(), "it was offered");
  holds(!accepts_gzip(text) || text.contains('*') || text.size() >= 4, "gzip has four letters");
  holds(!names_tag(text, "W/\"1-2\"") || text.contains('*') || text.contains("1-2"),
        "a tag is named by its text");
  return 0;
}
