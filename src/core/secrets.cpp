#include "core/secrets.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/ascii.hpp"

namespace rollcall {
namespace {

constexpr auto secret_words = std::to_array<std::string_view>(
    {"authorization", "apikey", "accesskey", "credential", "credentials", "masterauth", "pass",
     "passphrase", "passwd", "password", "pat", "privatekey", "pwd", "requirepass", "secret",
     "secretkey", "token"});
/// A key is a secret only if the word before it says so.
constexpr auto words_before_key = std::to_array<std::string_view>(
    {"access", "account", "api", "auth", "encryption", "master", "private", "secret", "signing"});
/// "--password-file" names a place, and "--token-ttl" a time.
constexpr auto harmless_last_words =
    std::to_array<std::string_view>({"dir", "file", "id", "length", "lifetime", "name", "path",
                                     "policy", "provider", "prompt", "ttl", "type", "url"});

/// The words of "--db-password", "DB_PASSWORD" or "dbPassword", in small letters.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  char before = 0;
  for (const char c : name) {
    const bool begins = !is_alphanumeric(c) || (is_upper(c) && is_lower(before));
    if (begins && !words.back().empty()) words.emplace_back();
    if (is_alphanumeric(c)) {
      words.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    before = c;
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

/// Users and the hashes of their passwords, as proxies take them.
bool holds_users(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "basicauth" || words[i] == "digestauth") return true;
    const bool before_auth = words[i] == "basic" || words[i] == "digest";
    if (before_auth && i + 1 < words.size() && words[i + 1] == "auth") return true;
  }
  return false;
}

bool is_secret_label(std::string_view key) {
  return names_secret(key) || holds_users(words_of(key));
}

Labels masked(const Labels& labels) {
  std::vector<std::pair<std::string, std::string>> shown;
  for (const auto& [key, value] : labels) {
    shown.emplace_back(key, is_secret_label(key) && !value.empty()
                                ? std::string(mask)
                                : without_passwords_of_urls(value));
  }
  return Labels(std::vector<Labels::Entry>(shown.begin(), shown.end()));
}

/// Null if there is nothing to mask.
std::shared_ptr<const Metadata> masked(const Metadata& metadata) {
  std::shared_ptr<Metadata> shown;
  for (std::size_t i = 0; i < metadata.txt.size(); ++i) {
    if (!is_secret_label(metadata.txt[i].key)) continue;
    if (!shown) shown = std::make_shared<Metadata>(metadata);
    shown->txt[i].value.value = mask;
  }
  return shown;
}

}  // namespace

bool names_secret(std::string_view name) {
  const std::vector<std::string> words = words_of(name);
  if (words.empty()) return false;
  if (std::ranges::find(harmless_last_words, words.back()) != harmless_last_words.end()) {
    return false;
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (std::ranges::find(secret_words, words[i]) != secret_words.end()) return true;
    if (i == 0 || words[i] != "key") continue;
    const auto& before = words[i - 1];
    if (std::ranges::find(words_before_key, before) != words_before_key.end()) return true;
  }
  return false;
}

/// "scheme://user:password@host".
std::string without_passwords_of_urls(std::string_view text) {
  std::string shown;
  for (;;) {
    const std::size_t scheme = text.find("://");
    if (scheme == std::string_view::npos) break;
    const std::size_t begin = scheme + 3;
    std::size_t end = std::min(text.find_first_of("/?# ", begin), text.size());
    // Another URL may follow in the same word, and its scheme is no part of this host.
    if (end > begin && text.substr(end - 1).starts_with("://")) --end;
    const std::string_view authority = text.substr(begin, end - begin);
    const std::size_t at = authority.rfind('@');
    const std::size_t colon = authority.find(':');
    shown += text.substr(0, begin);
    if (at != std::string_view::npos && colon < at) {
      shown += authority.substr(0, colon + 1);
      shown += mask;
      shown += authority.substr(at);
    } else {
      shown += authority;
    }
    text.remove_prefix(end);
  }
  shown += text;
  return shown;
}

InstancePtr masked(InstancePtr instance) {
  Labels labels = masked(instance->labels);
  std::shared_ptr<const Metadata> metadata =
      instance->metadata ? masked(*instance->metadata) : nullptr;
  const auto quotes_secret = [](const Problem& problem) { return is_secret_label(problem.where); };
  const bool quoted = std::ranges::any_of(instance->problems, quotes_secret);
  if (labels == instance->labels && !metadata && !quoted) return instance;
  auto shown = std::make_shared<Instance>(*instance);
  shown->labels = std::move(labels);
  if (metadata) shown->metadata = std::move(metadata);
  for (Problem& problem : shown->problems) {
    if (quotes_secret(problem)) problem.what = "its value, which is not shown, is not understood";
  }
  return shown;
}

void mask_secrets(RuntimeEvent& event) {
  if (auto* started = std::get_if<Started>(&event)) {
    started->instance = masked(std::move(started->instance));
  } else if (auto* updated = std::get_if<Updated>(&event)) {
    updated->instance = masked(std::move(updated->instance));
  } else if (auto* stopped = std::get_if<Stopped>(&event)) {
    stopped->last = masked(std::move(stopped->last));
  }
}

}  // namespace rollcall
