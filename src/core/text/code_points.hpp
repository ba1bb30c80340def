// The code points of a text, and which of them do something instead of being shown.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace rollcall {

struct CodePoint {
  char32_t value;
  std::size_t length;  ///< In bytes.
};

/// The code point at the start of a text that is not empty; nothing if its bytes are not UTF-8.
inline std::optional<CodePoint> first_code_point(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return CodePoint{.value = lead, .length = 1};
  if (lead < 0xc2 || lead > 0xf4) return std::nullopt;
  const std::size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (text.size() < length) return std::nullopt;
  char32_t value = lead & (0x7fU >> length);
  for (const char c : text.substr(1, length - 1)) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0U) != 0x80) return std::nullopt;
    value = (value << 6U) | (byte & 0x3fU);
  }
  constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < least.at(length) || value > 0x10ffff || surrogate) return std::nullopt;
  return CodePoint{.value = value, .length = length};
}

/// Whether characters are joined or kept apart by it, as Persian and some emoji need.
constexpr bool is_joiner(char32_t c) {
  return c == 0x200c || c == 0x200d;
}

/// Whether a terminal or a renderer of text acts on the code point, or shows nothing for it:
/// control characters, separators of lines, directions of writing, blanks without width, tags.
constexpr bool is_active(char32_t c) {
  const auto within = [c](char32_t first, char32_t last) { return c >= first && c <= last; };
  const bool control = c < 0x20 || within(0x7f, 0x9f);
  const bool without_width = c == 0xad || c == 0x180e || within(0x200b, 0x200f) ||
                             within(0x2060, 0x206f) || c == 0xfeff || within(0xfff9, 0xfffb);
  const bool direction = c == 0x61c || within(0x2028, 0x202e);
  return control || without_width || direction || within(0xe0000, 0xe007f);
}

/// Calls each(bytes, code point or nothing) for the whole text; a byte that is not UTF-8 comes
/// alone. Ends early when it returns false.
template <class Each>
void each_code_point(std::string_view text, Each each) {
  while (!text.empty()) {
    const auto point = first_code_point(text);
    const std::size_t length = point ? point->length : 1;
    if (!each(text.substr(0, length), point)) return;
    text.remove_prefix(length);
  }
}

}  // namespace rollcall
