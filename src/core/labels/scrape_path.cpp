#include "core/labels/scrape_path.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "core/text/ascii.hpp"

namespace rollcall {
namespace {

/// The byte that "%41" stands for; nothing, if the text does not begin with an escape.
std::optional<char> escaped_byte(std::string_view text) {
  if (text.size() < 3 || text[0] != '%') return std::nullopt;
  unsigned char byte = 0;
  const char* const last = text.data() + 3;
  const auto [end, error] = std::from_chars(text.data() + 1, last, byte, 16);
  if (error != std::errc() || end != last) return std::nullopt;
  return static_cast<char>(byte);
}

/// Undoes percent-encoding; in a query a plus is a space.
std::string decoded(std::string_view text, bool in_query) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = escaped_byte(text.substr(i));
    if (byte) i += 2;
    const char plain = in_query && text[i] == '+' ? ' ' : text[i];
    out += byte.value_or(plain);
  }
  return out;
}

bool is_label_char(char c) {
  return is_alphanumeric(c) || c == '_';
}

void add_parameter(std::string_view pair, std::set<std::string>& known, ScrapePath& out) {
  if (pair.empty()) return;
  const std::size_t equals = std::min(pair.find('='), pair.size());
  std::string name = decoded(pair.substr(0, equals), true);
  if (known.contains(name) || name.empty() || !std::ranges::all_of(name, is_label_char)) {
    if (out.lost.empty()) out.lost = pair;
    return;
  }
  known.insert(name);
  out.parameters.emplace_back(std::move(name),
                              decoded(pair.substr(std::min(equals + 1, pair.size())), true));
}

}  // namespace

ScrapePath split_scrape_path(std::string_view text) {
  ScrapePath out;
  text = text.substr(0, text.find('#'));
  const std::size_t mark = std::min(text.find('?'), text.size());
  out.path = decoded(text.substr(0, mark), false);
  std::string_view query = text.substr(std::min(mark + 1, text.size()));
  std::set<std::string> known;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    add_parameter(query.substr(0, end), known, out);
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return out;
}

}  // namespace rollcall
