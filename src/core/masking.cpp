#include "core/masking.hpp"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstddef>
#include <deque>
#include <iterator>
#include <memory>
#include <utility>

#include "core/labels/metadata.hpp"
#include "core/secrets/secret_options.hpp"
#include "core/secrets/secrets.hpp"
#include "core/text/ascii.hpp"
#include "core/text/text.hpp"

namespace rollcall {
namespace {

std::atomic<bool> revealed = false;

constexpr std::size_t most_arguments = 64;
constexpr std::size_t longest_argument = 1024;

bool is_token_character(char c) {
  return is_alphanumeric(c) || c == '_' || c == '-' || c == '+' || c == '=';
}

bool is_uuid(std::string_view text) {
  constexpr std::string_view form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return text.size() == form.size() && std::ranges::equal(text, form, [](char c, char f) {
           return f == '-' ? c == '-' : is_alphanumeric(c);
         });
}

/// Whether a word looks random: it is long, and changes between small letters, capitals and digits
/// more often than human words do.
bool looks_random(std::string_view word) {
  constexpr std::size_t least = 24;
  constexpr std::size_t least_hexadecimal = 32;
  if (word.size() < least || is_uuid(word)) return false;
  std::size_t digits = 0;
  std::size_t letters = 0;
  std::size_t jumps = 0;
  char before = 0;
  for (const char c : word) {
    if (!is_alphanumeric(c)) continue;
    is_digit(c) ? ++digits : ++letters;
    if (is_digit(c) != is_digit(before) || (is_lower(before) && is_upper(c))) ++jumps;
    before = c;
  }
  if (digits == 0 || letters == 0) return false;
  const bool hexadecimal = std::ranges::all_of(
      word, [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; });
  return (hexadecimal && word.size() >= least_hexadecimal) || jumps * 4 >= word.size();
}

/// File names may look random, too, but a path is no secret.
bool is_part_of_path(std::string_view text, std::size_t at) {
  const std::size_t before = text.find_last_of(" =,:", at);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  return begin < text.size() && text[begin] == '/';
}

std::string without_random_words(std::string_view text) {
  std::string shown;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = at;
    while (end < text.size() && is_token_character(text[end])) ++end;
    const std::string_view word = text.substr(at, end - at);
    shown += looks_random(word) && !is_part_of_path(text, at) ? mask : word;
    if (end < text.size()) shown += text[end];
    at = end + 1;
  }
  return shown;
}

bool is_option(std::string_view argument) {
  return argument.size() > 1 && argument[0] == '-';
}

std::string shortened(std::string text) {
  return text.size() <= longest_argument ? std::move(text) : excerpt(text, longest_argument);
}

std::string shown(std::string_view argument) {
  // Text that is cut off need not be masked, except for a secret that the cut would split.
  constexpr std::size_t behind = 4096;
  const std::string_view head = argument.substr(0, longest_argument + behind);
  return shortened(valid_utf8(without_random_words(without_secrets(head, TextKind::argument))));
}

/// "user:***".
std::string shown_pair(std::string_view pair) {
  const std::size_t colon = pair.find_first_of(":%,");
  if (colon == std::string_view::npos) return std::string(mask);
  return shortened(valid_utf8(pair.substr(0, colon + 1))) + std::string(mask);
}

/// An argument in which a program takes what follows the option for a secret.
std::string shown_attached(std::string_view argument, const SecretOption& option) {
  const std::string_view value = argument.substr(option.option.size());
  return std::string(option.option) + (option.pair ? shown_pair(value) : std::string(mask));
}

/// An argument that follows another one.
std::string shown_after(std::string_view before, std::string_view argument,
                        std::string_view program) {
  const SecretOption* const option = secret_option(program, argument);
  if (option != nullptr && option->attached && argument.size() > option->option.size()) {
    return shown_attached(argument, *option);
  }
  if (is_option(argument)) return shown(argument);
  const SecretOption* const asked = secret_option(program, before);
  if (asked != nullptr && asked->pair && before == asked->option) return shown_pair(argument);
  if (is_secret(secrecy_after(before, program), argument)) return std::string(mask);
  const bool pair = next_is_pair(before) && argument.contains(':');
  return pair && is_secret(Secrecy::if_plausible, argument) ? shown_pair(argument)
                                                            : shown(argument);
}

}  // namespace

std::vector<std::string> masked(std::span<const std::string> arguments, std::string_view program) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (i == most_arguments) {
      words.emplace_back("…");
      break;
    }
    const bool follows = i > 0;
    const std::string_view before = i > 1 ? std::string_view(arguments[i - 1]) : std::string_view();
    words.push_back(follows ? shown_after(before, arguments[i], program) : shown(arguments[i]));
  }
  return words;
}

void reveal_secrets(bool reveal) noexcept {
  revealed = reveal;
}

Masker::Masker() noexcept : reveal_(revealed) {}

Labels Masker::labels(const std::vector<Labels::Entry>& entries) const {
  if (reveal_) return Labels(entries);
  std::deque<std::string> masked;  // what `shown` views
  std::vector<Labels::Entry> shown;
  for (std::size_t at = 0; at < entries.size(); ++at) {
    const auto& [key, value] = entries[at];
    if (!may_hold_secret(key, value)) continue;
    if (shown.empty()) shown = entries;
    shown[at].first = masked.emplace_back(without_secrets(key, TextKind::name));
    shown[at].second = masked.emplace_back(label_without_secrets(key, value));
  }
  return Labels(shown.empty() ? entries : shown);
}

void Masker::read_labels(const std::vector<Labels::Entry>& entries, Instance& instance) const {
  instance.labels = labels(entries);
  MetadataReading reading = read_metadata(instance.labels);
  instance.metadata = std::move(reading.metadata);
  std::ranges::move(reading.problems, std::back_inserter(instance.problems));
}

std::string Masker::name(std::string_view foreign) const {
  return reveal_ ? std::string(foreign) : without_secrets(foreign, TextKind::name);
}

void Masker::mask_name(std::string& name) const {
  if (may_hold_secret({}, name)) name = without_secrets(name, TextKind::name);
}

void Masker::mask_text(std::string& text) const {
  if (may_hold_secret({}, text)) text = without_secrets(text, TextKind::prose);
}

void Masker::finish(Instance& instance) const {
  if (reveal_) return;
  for (std::string* const field :
       {&instance.name, &instance.image, &instance.group, &instance.service, &instance.node}) {
    mask_name(*field);
  }
  mask_text(instance.reason);
  for (Address& address : instance.addresses) mask_name(address.network);
  for (PortMapping& port : instance.ports) {
    mask_name(port.host_ip);
    mask_name(port.name);
  }
  for (Problem& problem : instance.problems) {
    mask_name(problem.where);
    mask_text(problem.what);
  }
  if (!instance.details) return;
  Details details = *instance.details;
  mask_text(details.description);
  mask_name(details.definition);
  mask_name(details.user);
  if (details != *instance.details) {
    instance.details = std::make_shared<const Details>(std::move(details));
  }
}

}  // namespace rollcall
