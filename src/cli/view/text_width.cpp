#include "cli/view/text_width.hpp"

#include <algorithm>
#include <clocale>
#include <cwchar>

#include <locale.h>

namespace rollcall::cli {
namespace {

// wcwidth depends on the thread's locale; the width of a character must not depend on LANG.
class Utf8Locale {
 public:
  Utf8Locale() : before_(::uselocale(utf8())) {}
  ~Utf8Locale() { ::uselocale(before_); }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  static locale_t utf8() {
    static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return locale;
  }
  locale_t before_;
};

struct Character {
  std::size_t bytes;
  std::size_t columns;
};

/// The first character of non-empty text. A byte that starts no character takes one column.
Character first_character(std::string_view text, std::mbstate_t& state) {
  wchar_t wide = 0;
  const std::size_t bytes = std::mbrtowc(&wide, text.data(), text.size(), &state);
  if (bytes == 0 || bytes > text.size()) {
    state = {};
    return {1, 1};
  }
  return {bytes, static_cast<std::size_t>(std::max(::wcwidth(wide), 0))};
}

}  // namespace

std::size_t display_width(std::string_view text) {
  const Utf8Locale locale;
  std::mbstate_t state{};
  std::size_t width = 0;
  while (!text.empty()) {
    const Character character = first_character(text, state);
    width += character.columns;
    text.remove_prefix(character.bytes);
  }
  return width;
}

std::string truncated(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  const Utf8Locale locale;
  std::mbstate_t state{};
  std::size_t used = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    const Character character = first_character(text.substr(end), state);
    if (used + character.columns > width - 1) break;
    used += character.columns;
    end += character.bytes;
  }
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace rollcall::cli
