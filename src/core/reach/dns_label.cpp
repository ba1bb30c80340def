#include "core/reach/dns_label.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <tuple>

#include <fmt/format.h>
#include <idn2.h>

#include "core/text/ascii.hpp"

namespace rollcall {
namespace {

constexpr std::size_t longest_label = 63;
constexpr std::size_t hash_size = 6;

bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

bool is_label_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_label_char_or_hyphen(char c) {
  return is_label_char(c) || c == '-';
}

/// FNV-1a of 64 bits, in base 32 (RFC 4648, in lower case), the lowest bits first.
std::string hash_of(std::string_view text, std::size_t size) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  std::string out;
  for (; out.size() < size; hash >>= 5U) out += "abcdefghijklmnopqrstuvwxyz234567"[hash & 31U];
  return out;
}

/// Lower-case letters and digits, what is of other scripts if `other_scripts`, and one hyphen for
/// whatever is between them.
std::string cleaned(std::string_view name, bool other_scripts) {
  std::string out;
  for (char c : name) {
    c = to_lower(c);
    if (is_label_char(c) || (other_scripts && !is_ascii(c))) {
      out += c;
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  if (out.ends_with('-')) out.pop_back();
  return out;
}

struct Idna {
  std::optional<std::string> label{};  ///< Nothing, if there is none.
  bool too_long = false;               ///< A shorter text may have one.
};

/// The form of IDNA (UTS 46, nontransitional) as one label.
Idna idna_of(const std::string& text) {
  char* found = nullptr;
  const int result = idn2_to_ascii_8z(text.c_str(), &found, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<char, void (*)(void*)> owned(found, idn2_free);
  if (result == IDN2_OK) {
    const std::string_view ascii(owned.get());
    // Some scripts have full stops and spaces of their own, which become those of ASCII.
    const bool is_label = std::ranges::all_of(ascii, is_label_char_or_hyphen) && !ascii.empty() &&
                          !ascii.starts_with('-') && !ascii.ends_with('-');
    if (!is_label) return {};
    if (ascii.size() <= longest_label) return {.label = std::string(ascii)};
  }
  const bool too_long = result == IDN2_OK || result == IDN2_TOO_BIG_LABEL ||
                        result == IDN2_TOO_BIG_DOMAIN || result == IDN2_PUNYCODE_BIG_OUTPUT;
  return {.too_long = too_long};
}

/// What has been cleaned, as a label.
Idna label_of(const std::string& text) {
  if (text.empty()) return {};
  if (!std::ranges::all_of(text, is_ascii)) return idna_of(text);
  if (text.size() > longest_label) return {.too_long = true};
  return {.label = text};
}

void remove_last_character(std::string& text) {
  const auto is_inside = [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; };
  while (!text.empty() && is_inside(text.back())) text.pop_back();
  if (!text.empty()) text.pop_back();
  while (text.ends_with('-')) text.pop_back();
}

/// As much of the text as there is room for, and the hash.
std::string with_hash(std::string text, const std::string& hash) {
  // No script needs more bytes than this for a label.
  constexpr std::size_t most = 4 * longest_label;
  if (text.size() > most) text.resize(most);
  for (; !text.empty(); remove_last_character(text)) {
    if (const Idna idna = label_of(fmt::format("{}-{}", text, hash)); idna.label)
      return *idna.label;
  }
  return "x-" + hash;
}

/// The text of a name that its label is made of, and the label if nothing of the name is lost.
struct Reduced {
  std::string text;
  std::optional<std::string> label{};
};

Reduced reduced(std::string_view name) {
  Reduced whole{.text = cleaned(name, true)};
  Idna idna = label_of(whole.text);
  whole.label = std::move(idna.label);
  if (whole.label || idna.too_long) return whole;
  return {.text = cleaned(name, false)};
}

/// A sort key: the oldest first, instances of unknown age last.
auto age_of(const Instance& instance) {
  return std::tuple(!instance.created_at, instance.created_at.value_or(Timestamp{}),
                    std::cref(instance.key));
}

std::string text_of(const InstanceKey& key) {
  return fmt::format("{}\n{}\n{}", key.backend, key.endpoint, key.id);
}

}  // namespace

std::string dns_label(std::string_view name) {
  const Reduced name_as_text = reduced(name);
  if (name_as_text.label) return *name_as_text.label;
  return with_hash(name_as_text.text, hash_of(name, hash_size));
}

std::string_view outside_name(const Instance& instance) {
  const bool said = instance.metadata && instance.metadata->name;
  return said ? std::string_view(instance.metadata->name->value) : instance.name;
}

std::vector<std::string> dns_labels(std::span<const InstancePtr> instances) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < instances.size(); ++i) order.push_back(i);
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    return age_of(*instances[a]) < age_of(*instances[b]);
  });
  std::vector<std::string> labels(instances.size());
  std::set<std::string> taken;
  for (const std::size_t i : order) {
    const Instance& instance = *instances[i];
    labels[i] = dns_label(outside_name(instance));
    // A longer hash, should two keys have one; 13 digits are all of it.
    for (std::size_t size = hash_size; !taken.insert(labels[i]).second && size <= 13; ++size) {
      labels[i] =
          with_hash(reduced(outside_name(instance)).text, hash_of(text_of(instance.key), size));
    }
  }
  return labels;
}

}  // namespace rollcall
