#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "core/secrets/secret_spans.hpp"
#include "core/text/ascii.hpp"

namespace rollcall {
namespace {

/// How a kind of secret begins, and how many characters follow at least.
struct Shape {
  std::string_view prefix;
  std::size_t least;
};

constexpr auto shapes = std::to_array<Shape>({
    {"AIza", 30},
    {"AKIA", 8},
    {"ASIA", 12},
    {"PMAK-", 16},
    {"SG.", 24},
    {"age-secret-key-1", 8},
    {"AGE-SECRET-KEY-1", 8},
    {"dckr_pat_", 12},
    {"dop_v1_", 16},
    {"figd_", 16},
    {"gho_", 16},
    {"ghp_", 16},
    {"ghr_", 16},
    {"ghs_", 16},
    {"ghu_", 16},
    {"github_pat_", 16},
    {"glpat-", 12},
    {"gldt-", 12},
    {"glrt-", 12},
    {"glsa_", 16},
    {"hvb.", 16},
    {"hvs.", 16},
    {"lin_api_", 16},
    {"npm_", 24},
    {"pypi-", 24},
    {"rk_live_", 12},
    {"sk_live_", 12},
    {"sk_test_", 12},
    {"sk-ant-", 12},
    {"sk-proj-", 12},
    {"shpat_", 16},
    {"tskey-", 12},
    {"whsec_", 12},
    {"xapp-", 16},
    {"xoxa-", 12},
    {"xoxb-", 12},
    {"xoxe.", 12},
    {"xoxp-", 12},
    {"xoxr-", 12},
    {"xoxs-", 12},
    {"ya29.", 16},
});

/// The beginning of JSON in Base64.
constexpr std::string_view jwt = "eyJ";

/// Hashes of passwords, as crypt and its kin write them.
constexpr auto hashes =
    std::to_array<std::string_view>({"$apr1$", "$argon2", "$2a$", "$2b$", "$2y$", "$1$", "$5$",
                                     "$6$", "$7$", "$y$", "$pbkdf2", "$scrypt$"});

bool is_token_character(char c) {
  return is_alphanumeric(c) || std::string_view("_-.+/=~").contains(c);
}

std::size_t end_of_token(std::string_view text, std::size_t at) {
  while (at < text.size() && is_token_character(text[at])) ++at;
  return at;
}

std::size_t end_of_word(std::string_view text, std::size_t at) {
  return std::min(text.find_first_of(" \t\r\n,;\"'`", at), text.size());
}

/// Of each character those that may follow it at the beginning of a shape, as bits.
constexpr auto pairs_of_shapes = [] {
  std::array<std::array<std::uint64_t, 2>, 256> pairs{};
  const auto add = [&pairs](std::string_view begin) {
    const auto second = static_cast<unsigned char>(begin[1]);
    pairs.at(static_cast<unsigned char>(begin[0])).at(second / 64U) |= std::uint64_t{1}
                                                                       << (second % 64U);
  };
  for (const Shape& shape : shapes) add(shape.prefix);
  add(jwt);
  return pairs;
}();

bool may_begin_shape(std::string_view text) {
  const auto second = static_cast<unsigned char>(text.size() > 1 ? text[1] : '\0');
  const auto& seconds = pairs_of_shapes[static_cast<unsigned char>(text[0])];
  return second < 128 && ((seconds[second / 64U] >> (second % 64U)) & 1U) != 0;
}

/// Whether a word is as long as every shape is; no more than its beginning is looked at.
bool begins_long_word(std::string_view text) {
  constexpr std::size_t shortest = 12;
  return text.size() >= shortest &&
         std::ranges::all_of(text.substr(0, shortest), is_token_character);
}

const Shape* shape_at(std::string_view text) {
  const auto* const at = std::ranges::find_if(
      shapes, [text](const Shape& shape) { return text.starts_with(shape.prefix); });
  return at == shapes.end() ? nullptr : at;
}

/// A JWT, or the beginning of one: JSON in Base64, and more after a dot.
bool is_jwt(std::string_view token) {
  constexpr std::size_t least = 40;
  return token.starts_with(jwt) && (token.contains('.') || token.size() >= least);
}

std::size_t secret_word_at(std::string_view text, std::size_t begin) {
  const std::string_view rest = text.substr(begin);
  if (!may_begin_shape(rest) || !begins_long_word(rest)) return begin;
  if (rest.starts_with(jwt)) {
    const std::size_t end = end_of_token(text, begin);
    return is_jwt(text.substr(begin, end - begin)) ? end : begin;
  }
  const Shape* const shape = shape_at(rest);
  if (shape == nullptr) return begin;
  const std::size_t end = end_of_token(text, begin);
  return end - begin >= shape->prefix.size() + shape->least ? end : begin;
}

void find_words(std::string_view text, SecretSpans& spans) {
  bool inside = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool of_word = is_alphanumeric(text[at]) || text[at] == '_';
    if (of_word && !inside) {
      const std::size_t end = secret_word_at(text, at);
      if (end != at) {
        spans.push_back({at, end});
        at = end - 1;
      }
    }
    inside = of_word;
  }
}

void find_hashes(std::string_view text, SecretSpans& spans) {
  constexpr std::size_t least = 8;
  for (std::size_t at = text.find('$'); at < text.size(); at = text.find('$', at + 1)) {
    const std::string_view rest = text.substr(at);
    // Compose wants each $ written twice.
    const bool twice = rest.starts_with("$$");
    const bool is_hash = std::ranges::any_of(hashes, [&](std::string_view hash) {
      return rest.substr(twice ? 1 : 0).starts_with(hash);
    });
    if (!is_hash) continue;
    const std::size_t end = end_of_word(text, at);
    if (end - at < least) continue;
    spans.push_back({at, end});
    at = end - 1;
  }
}

/// The key after the line that begins it, up to the line that ends it.
void find_pem(std::string_view text, SecretSpans& spans) {
  constexpr std::string_view begins = "PRIVATE KEY-----";
  for (std::size_t at = text.find(begins); at < text.size(); at = text.find(begins, at + 1)) {
    constexpr std::size_t longest_kind = 32;  // "BEGIN RSA PRIVATE KEY"
    const std::size_t line = at - std::min(at, longest_kind);
    if (!text.substr(line, at - line).contains("BEGIN ")) continue;
    const std::size_t begin = at + begins.size();
    const std::size_t end = std::min(text.find("-----END", begin), text.size());
    if (end > begin) spans.push_back({begin, end});
    at = end - 1;
  }
}

/// "Bearer X" and "Basic X", as a header says them.
void find_schemes(std::string_view text, SecretSpans& spans) {
  struct Scheme {
    std::string_view word;
    std::size_t least;
  };
  constexpr auto schemes = std::to_array<Scheme>({{"bearer ", 8}, {"basic ", 8}});
  for (std::size_t at = 0; at + 8 < text.size(); ++at) {
    if (to_lower(text[at]) != 'b' || (at > 0 && is_alphanumeric(text[at - 1]))) continue;
    for (const auto& [word, least] : schemes) {
      if (!std::ranges::equal(text.substr(at, word.size()), word, {}, to_lower)) continue;
      const std::size_t begin = at + word.size();
      const std::size_t end = end_of_token(text, begin);
      const std::string_view token = text.substr(begin, end - begin);
      const bool drawn =
          std::ranges::any_of(token, is_digit) || token.ends_with('=') || token.size() >= 24;
      if (token.size() < least || !drawn) continue;
      spans.push_back({begin, end});
      at = end - 1;
      break;
    }
  }
}

}  // namespace

bool begins_as_secret(std::string_view word) {
  if (!may_begin_shape(word) || !begins_long_word(word)) return false;
  return word.starts_with(jwt) || shape_at(word) != nullptr;
}

void find_shapes(std::string_view text, SecretSpans& spans) {
  find_words(text, spans);
  find_hashes(text, spans);
  find_pem(text, spans);
  find_schemes(text, spans);
}

}  // namespace rollcall
