#include "core/runtimes.hpp"

#include <algorithm>

#include "core/text/ascii.hpp"
#include "core/text/words.hpp"

namespace rollcall {
namespace {

using Kind = RuntimeBackendKind;

constexpr std::string_view automatic_word = "auto";

bool equals_case_blind(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, to_lower, to_lower);
}

bool is_called(const RuntimeTraits& runtime, std::string_view text) {
  const auto is_text = [text](std::string_view word) {
    return !word.empty() && equals_case_blind(word, text);
  };
  return is_text(runtime.word) || std::ranges::any_of(runtime.other_words, is_text);
}

}  // namespace

const RuntimeTraits* traits_of(RuntimeBackendKind kind) noexcept {
  const auto all = runtimes();
  const auto at = std::ranges::find(all, kind, &RuntimeTraits::kind);
  return at == all.end() ? nullptr : *at;
}

std::vector<std::string> runtime_words() {
  std::vector<std::string> words;
  for (const RuntimeTraits* runtime : runtimes()) words.emplace_back(runtime->word);
  return words;
}

std::vector<std::string> all_runtime_words() {
  std::vector<std::string> words;
  for (const RuntimeTraits* runtime : runtimes()) {
    words.emplace_back(runtime->word);
    for (const std::string_view other : runtime->other_words) {
      if (!other.empty()) words.emplace_back(other);
    }
  }
  return words;
}

bool any_option_set(const RuntimeTraits& runtime, RuntimeOptions options) {
  RuntimeOptions defaults;
  return std::ranges::any_of(runtime.options, [&](const RuntimeOption& it) {
    return option::words_of(it.at(options)) != option::words_of(it.at(defaults));
  });
}

std::optional<RuntimeBackendKind> parse_kind(std::string_view text) noexcept {
  if (equals_case_blind(automatic_word, text)) return Kind::automatic;
  const auto all = runtimes();
  const auto at = std::ranges::find_if(
      all, [text](const RuntimeTraits* runtime) { return is_called(*runtime, text); });
  return at == all.end() ? std::nullopt : std::optional((*at)->kind);
}

std::string_view to_string(RuntimeBackendKind kind) noexcept {
  if (kind == Kind::automatic) return automatic_word;
  const RuntimeTraits* const traits = traits_of(kind);
  return traits == nullptr ? no_such_word : traits->word;
}

}  // namespace rollcall
