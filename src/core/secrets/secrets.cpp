#include "core/secrets/secrets.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/text/ascii.hpp"
#include "core/text/text.hpp"

namespace rollcall {
namespace {

/// Whether a secret without telling punctuation may begin: "Bearer X", "ghp_X",
/// "hooks.slack.com/services/X".
bool may_begin_secret(std::string_view text) {
  const auto begins = [text](std::string_view lower) {
    return std::ranges::equal(text.substr(0, lower.size()), lower, {}, to_lower);
  };
  switch (text[0]) {
    case 'b':
    case 'B':
      return begins("bearer ") || begins("basic ") || begins("begin ");
    case 'h':
      return text.starts_with("hooks.") || text.starts_with("hc-ping") || begins_as_secret(text);
    case 'd':
      return text.starts_with("discord") || begins_as_secret(text);
    case 'a':
      return text.starts_with("api.telegram") || begins_as_secret(text);
    default:
      return begins_as_secret(text);
  }
}

enum class Sign : std::uint8_t { none, of_word, tells };

/// What a character says of the text that it stands in.
constexpr auto signs = [] {
  std::array<Sign, 256> all{};
  for (std::size_t c = 0; c < all.size(); ++c) {
    const char as_char = static_cast<char>(c);
    if (is_alphanumeric(as_char) || as_char == '_') all.at(c) = Sign::of_word;
    if (std::string_view(":=@$<").contains(as_char)) all.at(c) = Sign::tells;
  }
  return all;
}();

bool is_telling(char c) {
  return signs[static_cast<unsigned char>(c)] == Sign::tells;
}

/// A quick check that rules out secrets in nearly all texts.
bool may_hold_secret(std::string_view text) {
  bool inside = false;
  char before = '\0';
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const Sign sign = signs[static_cast<unsigned char>(c)];
    if (sign == Sign::tells) return true;
    // An option begins, unless it is all.
    if (c == '-' && (before == ' ' || before == '"' || before == '\0')) return true;
    const bool of_word = sign == Sign::of_word;
    if (of_word && !inside && may_begin_secret(text.substr(at))) return true;
    inside = of_word;
    before = c;
  }
  return false;
}

/// The text with what the spans say masked; spans that overlap or touch become one mask.
std::string masked(std::string_view text, SecretSpans& spans) {
  std::ranges::sort(spans);
  std::string shown;
  std::size_t done = 0;
  for (std::size_t i = 0; i < spans.size();) {
    const std::size_t begin = spans[i].begin;
    std::size_t end = spans[i].end;
    for (++i; i < spans.size() && spans[i].begin <= end; ++i) end = std::max(end, spans[i].end);
    shown += text.substr(done, begin - done);
    shown += mask;
    done = end;
  }
  shown += text.substr(done);
  return shown;
}

/// Of a link that a name calls a webhook, host and scheme stay.
void find_in_link(std::string_view value, SecretSpans& spans) {
  const std::size_t scheme = value.find("://");
  if (scheme == std::string_view::npos) return;
  const std::size_t path = value.find('/', scheme + 3);
  constexpr std::size_t least = 16;
  if (path != std::string_view::npos && value.size() - path > least) {
    spans.push_back({path + 1, value.size()});
  }
}

}  // namespace

std::string without_secrets(std::string_view text, TextKind kind) {
  if (!may_hold_secret(text)) return std::string(text);
  SecretSpans spans;
  find_in_urls(text, spans);
  find_named(text, kind, spans);
  find_after_options(text, spans);
  find_shapes(text, spans);
  return spans.empty() ? std::string(text) : masked(text, spans);
}

std::string label_without_secrets(std::string_view key, std::string_view value) {
  if (is_secret(secrecy_of_label(key), value)) return std::string(mask);
  SecretSpans link;
  if (names_link(key)) find_in_link(value, link);
  if (!link.empty()) return without_secrets(masked(value, link), TextKind::prose);
  return without_secrets(value, TextKind::prose);
}

bool may_hold_secret(std::string_view key, std::string_view value) {
  return may_hold_secret(value) || secrecy_of_label(key) != Secrecy::none ||
         std::ranges::any_of(key, is_telling);
}

std::string quotation(std::string_view foreign, std::size_t longest) {
  // A secret that the cut would part is masked first; text far after the cut is not looked at.
  constexpr std::size_t behind = 4096;
  return excerpt(without_secrets(foreign.substr(0, longest + behind), TextKind::prose), longest);
}

}  // namespace rollcall
