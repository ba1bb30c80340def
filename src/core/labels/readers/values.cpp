#include "core/labels/readers/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "core/addresses.hpp"
#include "core/budgets.hpp"
#include "core/text/ascii.hpp"
#include "core/text/code_points.hpp"
#include "core/text/numbers.hpp"
#include "core/text/text.hpp"

namespace rollcall::readers {
namespace {

using std::chrono::milliseconds;

constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_name_char(char c) {
  return is_letter(c) || is_digit(c) || c == '-';
}
constexpr bool is_host_char(char c) {
  return is_name_char(c) || c == '_';
}
constexpr bool is_visible(char c) {
  return c > ' ' && c < '\x7f';
}

// The offset of the first character that is not allowed; the size, if all are.
template <class Allowed>
std::size_t first_not(std::string_view text, Allowed allowed) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, allowed) - text.begin());
}

// The longest word of a closed set; longer values are not even looked at.
constexpr std::size_t longest_word = 8;

template <std::size_t N>
Parsed<std::string> parse_word(std::string_view text,
                               const std::array<std::string_view, N>& words) {
  if (text.size() > longest_word) return std::unexpected(0);
  std::string word = lower_case(text);
  if (std::ranges::find(words, word) == words.end()) return std::unexpected(0);
  return word;
}

// Text that can be shown, of 1 to `longest` bytes.
Parsed<std::string> parse_text(std::string_view text, std::size_t longest) {
  if (text.empty()) return std::unexpected(0);
  const std::string_view head = text.substr(0, longest);
  std::size_t shown = 0;
  each_code_point(head, [&](std::string_view bytes, const std::optional<CodePoint>& point) {
    if (!point || (is_active(point->value) && !is_joiner(point->value))) return false;
    shown += bytes.size();
    return true;
  });
  if (shown != head.size()) return std::unexpected(shown);
  if (text.size() > longest) return std::unexpected(longest);
  return std::string(text);
}

// Labels of such characters; an offset, if it is none.
template <class Allowed>
Parsed<void> check_labels(std::string_view text, Allowed allowed) {
  constexpr std::size_t longest_label = 63;
  constexpr std::size_t longest_name = 253;
  std::size_t begin = 0;
  while (true) {
    const std::string_view label = text.substr(begin, text.find('.', begin) - begin);
    if (label.empty() || label.front() == '-') return std::unexpected(begin);
    if (const std::size_t bad = first_not(label, allowed); bad < label.size()) {
      return std::unexpected(begin + bad);
    }
    if (label.size() > longest_label) return std::unexpected(begin + longest_label);
    if (label.back() == '-') return std::unexpected(begin + label.size() - 1);
    begin += label.size() + 1;
    if (begin > longest_name + 1) return std::unexpected(longest_name);
    if (begin > text.size()) return {};
  }
}

std::string_view without_final_dot(std::string_view text) {
  return text.substr(0, text.size() - (text.ends_with('.') ? 1 : 0));
}

// Takes a unit of Go's durations off the front of the text; in milliseconds, 0 if there is none.
double take_unit(std::string_view& text) {
  struct Unit {
    std::string_view word;
    double milliseconds;
  };
  // "ms" is before "m", because the first that fits is taken.
  constexpr std::array<Unit, 7> units{
      {{"ms", 1}, {"us", 1e-3}, {"µs", 1e-3}, {"ns", 1e-6}, {"h", 3.6e6}, {"m", 6e4}, {"s", 1e3}}};
  for (const Unit& unit : units) {
    if (!text.starts_with(unit.word)) continue;
    text.remove_prefix(unit.word.size());
    return unit.milliseconds;
  }
  return 0;
}

std::string without_escapes(std::string_view word) {
  std::string out;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word.substr(i, 2) != "\\,") out += word[i];
  }
  return out;
}

// `escapes`: a comma after a backslash is part of a word.
Parsed<Texts> split_tags(std::string_view text, bool escapes) {
  constexpr std::size_t most = budget::tags;
  Texts tags;
  for (std::size_t begin = 0; begin <= text.size();) {
    std::size_t end = std::min(text.find(',', begin), text.size());
    while (escapes && end < text.size() && end > begin && text[end - 1] == '\\') {
      end = std::min(text.find(',', end + 1), text.size());
    }
    const std::string_view word = trimmed(text.substr(begin, end - begin));
    if (!word.empty()) {
      auto tag = parse_text(word, 256);
      const auto at = static_cast<std::size_t>(word.data() - text.data());
      if (!tag) return std::unexpected(at + tag.error());
      if (tags.size() == most) return std::unexpected(at);
      tags.push_back(escapes ? without_escapes(*tag) : std::move(*tag));
    }
    begin = end + 1;
  }
  if (tags.empty()) return std::unexpected(0);
  return tags;
}

}  // namespace

Parsed<bool> parse_bool(std::string_view text) {
  constexpr std::array<std::string_view, 4> yes{"true", "yes", "1", "on"};
  constexpr std::array<std::string_view, 4> no{"false", "no", "0", "off"};
  if (parse_word(text, yes)) return true;
  if (parse_word(text, no)) return false;
  return std::unexpected(0);
}

Parsed<bool> parse_go_bool(std::string_view text) {
  constexpr std::array<std::string_view, 6> yes{"1", "t", "T", "true", "TRUE", "True"};
  constexpr std::array<std::string_view, 6> no{"0", "f", "F", "false", "FALSE", "False"};
  if (std::ranges::find(yes, text) != yes.end()) return true;
  if (std::ranges::find(no, text) != no.end()) return false;
  return std::unexpected(0);
}

Parsed<std::uint16_t> parse_port(std::string_view text) {
  if (const std::size_t bad = first_not(text, is_digit); text.empty() || bad < text.size()) {
    return std::unexpected(bad);
  }
  const auto port = whole_number<std::uint16_t>(text);
  if (!port || *port == 0) return std::unexpected(0);
  return *port;
}

Parsed<milliseconds> parse_duration(std::string_view text) {
  constexpr double most = 100 * 365.25 * 24 * 3.6e6;
  double total = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t at = text.size() - rest.size();
    double number = 0;
    // Without this look from_chars would take a sign, "inf" and "nan".
    if (!is_digit(rest[0]) && rest[0] != '.') return std::unexpected(at);
    const auto [end, error] =
        std::from_chars(rest.data(), rest.data() + rest.size(), number, std::chars_format::fixed);
    if (error != std::errc()) return std::unexpected(at);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const std::size_t unit_at = text.size() - rest.size();
    const double unit = take_unit(rest);
    if (unit == 0) return std::unexpected(unit_at);
    total += number * unit;
    if (total > most) return std::unexpected(at);
  }
  if (total < 1) return std::unexpected(0);
  return milliseconds(std::llround(total));
}

Parsed<milliseconds> parse_duration_or_seconds(std::string_view text) {
  if (text.empty() || first_not(text, is_digit) < text.size()) return parse_duration(text);
  return parse_duration(std::string(text) + "s");
}

Parsed<std::string> parse_service_type(std::string_view text) {
  constexpr std::size_t longest = 15;
  std::string_view name = text;
  std::size_t begin = 0;
  if (name.starts_with('_')) {
    if (!name.ends_with("._tcp") && !name.ends_with("._udp")) return std::unexpected(text.size());
    name = name.substr(1, name.size() - 1 - std::string_view("._tcp").size());
    begin = 1;
  }
  const auto wrong_at = [begin](std::size_t offset) { return std::unexpected(begin + offset); };
  if (const std::size_t bad = first_not(name, is_name_char); bad < name.size()) {
    return wrong_at(bad);
  }
  if (name.empty() || name.front() == '-') return wrong_at(0);
  if (name.size() > longest) return wrong_at(longest);
  if (name.back() == '-') return wrong_at(name.size() - 1);
  if (const std::size_t twice = name.find("--"); twice != std::string_view::npos) {
    return wrong_at(twice + 1);
  }
  if (std::ranges::none_of(name, is_letter)) return wrong_at(0);
  return std::string(text);
}

Parsed<std::string> parse_name(std::string_view text) {
  return parse_text(text, 63);
}

Parsed<std::string> parse_line(std::string_view text) {
  return parse_text(text, 256);
}

Parsed<std::string> parse_dns_name(std::string_view text) {
  const auto checked = check_labels(without_final_dot(text), is_name_char);
  if (!checked) return std::unexpected(checked.error());
  return std::string(text);
}

Parsed<std::string> parse_host(std::string_view text) {
  if (text.contains(':')) {
    const bool in_brackets = text.starts_with('[') && text.ends_with(']');
    const auto inside = in_brackets ? text.substr(1, text.size() - 2) : text;
    const auto address = canonical_address(inside);
    if (address && address->family == AddressFamily::ipv6) return address->ip;
  }
  const std::size_t wildcard = text.starts_with("*.") ? 2 : 0;
  const std::string_view name = without_final_dot(text);
  const auto checked = check_labels(name.substr(std::min(wildcard, name.size())), is_host_char);
  if (!checked) return std::unexpected(wildcard + checked.error());
  return lower_case(name);
}

Parsed<std::string> parse_path(std::string_view text) {
  constexpr std::size_t longest = 2048;
  if (!text.starts_with('/')) return std::unexpected(0);
  if (const std::size_t bad = first_not(text, is_visible); bad < text.size()) {
    return std::unexpected(bad);
  }
  if (text.size() > longest) return std::unexpected(longest);
  return std::string(text);
}

Parsed<std::string> parse_url(std::string_view text) {
  constexpr std::size_t longest = 2048;
  const std::string_view scheme = begins_with_caseless(text, "https://") ? "https://" : "http://";
  if (!begins_with_caseless(text, scheme)) return std::unexpected(0);
  if (text.size() == scheme.size()) return std::unexpected(text.size());
  if (const std::size_t bad = first_not(text, is_visible); bad < text.size()) {
    return std::unexpected(bad);
  }
  if (text.size() > longest) return std::unexpected(longest);
  return std::string(text);
}

Parsed<ServerUrl> parse_server_url(std::string_view text) {
  const std::size_t end = text.find("://");
  if (end == std::string_view::npos) return std::unexpected(0);
  auto scheme = parse_scheme(text.substr(0, end));
  if (!scheme) return std::unexpected(scheme.error());
  const std::size_t begin = end + 3;
  const std::size_t size = std::min(text.find_first_of("/?#", begin), text.size()) - begin;
  const std::string_view place = text.substr(begin, size);
  const std::size_t colon = place.ends_with(']') ? place.size() : place.rfind(':');
  const std::string_view host = place.substr(0, colon);
  if (host.empty()) return std::unexpected(begin);
  if (const std::size_t bad = first_not(host, is_visible); bad < host.size()) {
    return std::unexpected(begin + bad);
  }
  const std::uint16_t usual = *scheme == "https" ? 443 : 80;
  if (host.size() == place.size()) return ServerUrl{.scheme = std::move(*scheme), .port = usual};
  const auto port = parse_port(place.substr(colon + 1));
  if (!port) return std::unexpected(begin + colon + 1 + port.error());
  return ServerUrl{.scheme = std::move(*scheme), .port = *port};
}

Parsed<std::string> parse_health_path(std::string_view text) {
  return text.starts_with('/') ? parse_path(text) : parse_url(text);
}

Parsed<std::string> parse_health_kind(std::string_view text) {
  return parse_word(text, std::array<std::string_view, 4>{"http", "https", "tcp", "none"});
}

Parsed<std::string> parse_scheme(std::string_view text) {
  constexpr std::size_t longest = 32;
  const auto allowed = [](char c) { return is_name_char(c) || c == '+' || c == '.'; };
  if (text.empty() || !is_letter(text.front())) return std::unexpected(0);
  if (const std::size_t bad = first_not(text, allowed); bad < text.size()) {
    return std::unexpected(bad);
  }
  if (text.size() > longest) return std::unexpected(longest);
  return lower_case(text);
}

Parsed<std::string> parse_web_scheme(std::string_view text) {
  return parse_word(text, std::array<std::string_view, 2>{"http", "https"});
}

Parsed<std::string> parse_network(std::string_view text) {
  constexpr std::size_t longest = 256;
  if (const std::size_t bad = first_not(text, is_visible); text.empty() || bad < text.size()) {
    return std::unexpected(bad);
  }
  if (text.size() > longest) return std::unexpected(longest);
  return std::string(text);
}

Parsed<Texts> parse_tags(std::string_view text) {
  return split_tags(text, false);
}

Parsed<Texts> parse_escaped_tags(std::string_view text) {
  return split_tags(text, true);
}

void add_once(Texts& texts, std::string text) {
  if (std::ranges::find(texts, text) == texts.end()) texts.push_back(std::move(text));
}

bool begins_with_caseless(std::string_view text, std::string_view lowercase) {
  return std::ranges::equal(text.substr(0, lowercase.size()), lowercase, {}, to_lower);
}

bool equals_caseless(std::string_view text, std::string_view lowercase) {
  return text.size() == lowercase.size() && begins_with_caseless(text, lowercase);
}

std::size_t edit_distance(std::string_view text, std::string_view lowercase) {
  std::vector<std::size_t> row(lowercase.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < lowercase.size(); ++j) {
      const std::size_t replaced = diagonal + (to_lower(text[i]) == lowercase[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace rollcall::readers
