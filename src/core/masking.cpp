#include "core/masking.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <utility>

#include "core/ascii.hpp"
#include "core/secrets.hpp"
#include "core/text.hpp"

namespace rollcall {
namespace {

constexpr std::size_t most_arguments = 64;
constexpr std::size_t longest_argument = 1024;

// --- within one argument ---

bool is_name_character(char c) {
  return is_alphanumeric(c) || c == '_' || c == '-' || c == '.';
}

std::size_t begin_of_name(std::string_view text, std::size_t end) {
  while (end > 0 && is_name_character(text[end - 1])) --end;
  return end;
}

/// Where the value after a separator ends: with the argument, if all of it is "name=value"; else
/// with the word.
std::size_t end_of_value(std::string_view text, std::size_t name, std::size_t separator) {
  if (name == 0 || text[separator] == ':') return text.size();
  return std::min(text.find_first_of(" \t\n&;,'\"", separator + 1), text.size());
}

/// "--password=x", "PASSWORD=x", "Authorization: x", "host=db password=x", "?token=x&…".
std::string without_named_secrets(std::string_view text) {
  std::string shown;
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '=' && text[at] != ':') continue;
    const std::size_t name = begin_of_name(text, at);
    if (name == at || text.substr(at).starts_with("://")) continue;
    if (!names_secret(text.substr(name, at - name))) continue;
    const std::size_t end = end_of_value(text, name, at);
    if (end == at + 1) continue;
    shown += text.substr(done, at + 1 - done);
    shown += mask;
    done = end;
    at = end - 1;
  }
  shown += text.substr(done);
  return shown;
}

bool is_token_character(char c) {
  return is_alphanumeric(c) || c == '_' || c == '-' || c == '+' || c == '=';
}

bool is_uuid(std::string_view text) {
  constexpr std::string_view form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return text.size() == form.size() && std::ranges::equal(text, form, [](char c, char f) {
           return f == '-' ? c == '-' : is_alphanumeric(c);
         });
}

/// Whether a word looks drawn by lot: it is long, and jumps from small letters to capitals and
/// between letters and digits as no word of a person does.
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

/// Names of files may look drawn by lot, too, but a path is no secret.
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

std::string without_secrets(std::string_view argument) {
  return without_random_words(without_passwords_of_urls(without_named_secrets(argument)));
}

// --- over several arguments ---

/// An option whose value is a secret to programs whose name begins so.
struct SecretOption {
  std::string_view program;
  std::string_view option;
  bool separate;  ///< The value may be the next argument, too.
};
constexpr std::array secret_options = {
    SecretOption{"mysql", "-p", false},    SecretOption{"mariadb", "-p", false},
    SecretOption{"sshpass", "-p", true},   SecretOption{"redis", "-a", true},
    SecretOption{"valkey", "-a", true},    SecretOption{"mongo", "-p", true},
    SecretOption{"curl", "-u", true},      SecretOption{"curl", "--user", true},
    SecretOption{"ldap", "-w", true},      SecretOption{"mosquitto", "-P", true},
    SecretOption{"smbclient", "-U", true}, SecretOption{"proxychains", "-p", true},
};

/// The length of the option that begins an argument and means a secret to this program; 0: none.
const SecretOption* secret_option(std::string_view program, std::string_view argument) {
  const auto* const at = std::ranges::find_if(secret_options, [&](const SecretOption& it) {
    return program.starts_with(it.program) && argument.starts_with(it.option);
  });
  return at == secret_options.end() ? nullptr : at;
}

bool is_option(std::string_view argument) {
  return argument.size() > 1 && argument[0] == '-';
}

/// Whether the value of the option is the next argument, and a secret.
bool next_is_secret(std::string_view argument, std::string_view program) {
  if (!is_option(argument) || argument.contains('=')) return false;
  const SecretOption* option = secret_option(program, argument);
  if (option != nullptr) return option->separate && argument == option->option;
  return names_secret(argument) && argument.starts_with("--");
}

std::string shortened(std::string text) {
  return text.size() <= longest_argument ? std::move(text) : excerpt(text, longest_argument);
}

}  // namespace

std::vector<std::string> masked(std::span<const std::string> arguments, std::string_view program) {
  std::vector<std::string> shown;
  bool secret = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (i == most_arguments) {
      shown.emplace_back("…");
      break;
    }
    const std::string& argument = arguments[i];
    const SecretOption* option = i > 0 ? secret_option(program, argument) : nullptr;
    if (secret && !is_option(argument)) {
      shown.emplace_back(mask);
    } else if (option != nullptr && argument.size() > option->option.size()) {
      shown.push_back(std::string(option->option) + std::string(mask));
    } else {
      shown.push_back(shortened(valid_utf8(without_secrets(argument))));
    }
    secret = i > 0 && next_is_secret(argument, program);
  }
  return shown;
}

}  // namespace rollcall
