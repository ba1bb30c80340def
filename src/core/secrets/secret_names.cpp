#include "core/secrets/secret_names.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "core/text/ascii.hpp"

namespace rollcall {
namespace {

using Words = std::span<const std::string_view>;

template <std::size_t N>
constexpr bool has(const std::array<std::string_view, N>& all, std::string_view word) {
  return std::ranges::find(all, word) != all.end();
}

/// A word that ends so is a secret, wherever it stands in a name: "dbpassword", "authtoken".
constexpr auto sure_endings = std::to_array<std::string_view>(
    {"password", "passwords", "passwd",     "passphrase",  "passcode",      "passwort",
     "secret",   "secrets",   "token",      "tokens",      "credential",    "credentials",
     "apikey",   "apikeys",   "privatekey", "requirepass", "authorization", "masterauth",
     "privkey",  "userpass",  "basicauth",  "digestauth"});
/// The last word of a name.
constexpr auto sure_last =
    std::to_array<std::string_view>({"pat", "pw", "psk", "creds", "cred", "bearer", "mnemonic"});
constexpr auto unless_path_last = std::to_array<std::string_view>({"pwd", "dsn", "jwt"});
constexpr auto plausible_last = std::to_array<std::string_view>(
    {"auth", "cookie", "cookies", "csrf", "nonce", "oldpwd", "otp", "pepper", "pin", "private",
     "salt", "seed", "session", "sessionid", "sid", "sig", "signature", "totp", "xsrf"});
constexpr auto links = std::to_array<std::string_view>({"webhook", "webhooks", "hook"});

/// Words that end in "pass" or "key" and are no secrets.
constexpr auto harmless_pass =
    std::to_array<std::string_view>({"askpass", "bypass", "compass", "encompass", "overpass",
                                     "proxypass", "surpass", "trespass", "underpass"});
constexpr auto words_before_pass = std::to_array<std::string_view>(
    {"by", "fastcgi", "first", "grpc", "multi", "proxy", "scgi", "second", "uwsgi"});
constexpr auto harmless_keys = std::to_array<std::string_view>(
    {"cachekey",   "donkey", "foreignkey",  "hockey",       "hotkey",     "jockey",  "keykey",
     "lackey",     "mickey", "monkey",      "partitionkey", "primarykey", "pubkey",  "publickey",
     "routingkey", "rowkey", "shortcutkey", "sortkey",      "turkey",     "turnkey", "whiskey"});
constexpr auto words_before_harmless_key = std::to_array<std::string_view>(
    {"cache",   "config", "dedup",    "field",    "foreign", "group", "hot",      "idempotency",
     "index",   "label",  "map",      "message",  "metric",  "node",  "object",   "partition",
     "primary", "pub",    "public",   "registry", "routing", "row",   "selector", "shortcut",
     "sort",    "tag",    "topology", "value",    "trace"});
/// "api_key_prod": after these words a key is a secret also if more follows.
constexpr auto words_before_key = std::to_array<std::string_view>(
    {"access", "account", "api", "auth", "encryption", "master", "private", "secret", "signing"});

/// "--password-file" names a place, and "--token-ttl" a time: the last word says what it is about.
constexpr auto harmless_last = std::to_array<std::string_view>(
    {"addr",     "address",   "age",        "alg",          "algorithm",   "arn",      "audience",
     "backend",  "ca",        "cache",      "cert",         "certificate", "check",    "claim",
     "claims",   "class",     "config",     "count",        "date",        "dir",      "directory",
     "disabled", "driver",    "duration",   "enable",       "enabled",     "encoding", "endpoint",
     "engine",   "env",       "expiration", "expires",      "expiry",      "field",    "file",
     "files",    "folder",    "format",     "group",        "header",      "host",     "icon",
     "id",       "image",     "interval",   "issuer",       "kind",        "length",   "lifetime",
     "limit",    "location",  "manager",    "max",          "mechanism",   "method",   "min",
     "mode",     "mount",     "name",       "names",        "namespace",   "operator", "optional",
     "owner",    "page",      "param",      "parameter",    "path",        "pattern",  "period",
     "plugin",   "policy",    "port",       "prefix",       "prompt",      "provider", "proxy",
     "realm",    "ref",       "regex",      "removeheader", "required",    "reset",    "role",
     "rotation", "rule",      "scheme",     "scope",        "scopes",      "server",   "service",
     "size",     "source",    "stdin",      "status",       "store",       "strategy", "suffix",
     "template", "timeout",   "ttl",        "type",         "uri",         "url",      "user",
     "username", "usersfile", "validation", "validator",    "variable",    "version",  "volume"});
/// What may follow the word that tells.
constexpr auto qualifiers = std::to_array<std::string_view>(
    {"base64", "b64", "content", "data", "default", "hash", "hex", "plain", "plaintext", "raw",
     "seed", "string", "text", "value"});

/// The words of "--db-password", "DB_PASSWORD" or "dbPassword", in small letters and without the
/// digits at their ends. Of a long name the last ones.
class NameWords {
 public:
  explicit NameWords(std::string_view name) {
    if (name.size() > longest) name.remove_prefix(name.size() - longest);
    std::size_t begin = 0;
    char before = 0;
    for (std::size_t i = 0; i <= name.size(); ++i) {
      const char c = i < name.size() ? name[i] : '\0';
      if (!is_alphanumeric(c) || (is_upper(c) && is_lower(before))) {
        add(begin, i);
        begin = is_alphanumeric(c) ? i : i + 1;
      }
      if (i < name.size()) lower_[i] = to_lower(c);
      before = c;
    }
  }

  [[nodiscard]] Words words() const { return Words(words_).first(count_); }

 private:
  void add(std::size_t begin, std::size_t end) {
    while (end > begin && is_digit(lower_[end - 1])) --end;
    if (end == begin) return;
    if (count_ == words_.size()) {
      std::ranges::rotate(words_, words_.begin() + 1);
      --count_;
    }
    words_[count_++] = std::string_view(lower_.data() + begin, end - begin);
  }

  static constexpr std::size_t longest = 128;
  std::array<char, longest> lower_{};
  std::array<std::string_view, 24> words_;
  std::size_t count_ = 0;
};

bool ends_surely(std::string_view word) {
  return std::ranges::any_of(sure_endings,
                             [word](std::string_view ending) { return word.ends_with(ending); });
}

bool is_pass(std::string_view word, std::string_view before) {
  return word.ends_with("pass") && !has(harmless_pass, word) && !has(words_before_pass, before);
}

bool is_key(std::string_view word, std::string_view before) {
  if (word == "key") return !before.empty() && !has(words_before_harmless_key, before);
  return word.ends_with("key") && !has(harmless_keys, word);
}

Secrecy of_last(std::string_view word, std::string_view before) {
  if (has(sure_last, word) || is_pass(word, before)) return Secrecy::sure;
  if (has(unless_path_last, word) || is_key(word, before)) return Secrecy::unless_path;
  return has(plausible_last, word) ? Secrecy::if_plausible : Secrecy::none;
}

Secrecy secrecy_of(Words words) {
  if (words.empty() || has(harmless_last, words.back())) return Secrecy::none;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view before = i == 0 ? std::string_view() : words[i - 1];
    // "--htpasswd" is mostly given a file.
    if (words[i] == "htpasswd") return Secrecy::unless_path;
    if (ends_surely(words[i])) return Secrecy::sure;
    // "basic_auth", and as the first version of Traefik has it "auth.basic".
    const auto are = [&](std::string_view a, std::string_view b) {
      return before == a && words[i] == b;
    };
    if (are("basic", "auth") || are("digest", "auth")) return Secrecy::sure;
    if (are("auth", "basic") || are("auth", "digest")) return Secrecy::sure;
    if (words[i] == "key" && has(words_before_key, before)) return Secrecy::unless_path;
  }
  while (words.size() > 1 && has(qualifiers, words.back())) {
    const Secrecy secrecy = of_last(words.back(), words[words.size() - 2]);
    if (secrecy != Secrecy::none && words.back() != "seed") return secrecy;
    words = words.first(words.size() - 1);
  }
  return of_last(words.back(), words.size() > 1 ? words[words.size() - 2] : std::string_view());
}

/// What every name that tells of a secret holds somewhere.
constexpr auto stems = std::to_array<std::string_view>(
    {"pass", "secr", "tok",  "key",  "auth", "cred", "pwd",  "pat",  "pin",
     "otp",  "cook", "sess", "jwt",  "dsn",  "sid",  "salt", "seed", "nonc",
     "sig",  "bear", "priv", "mnem", "srf",  "pep",  "pw",   "psk"});

/// Of each letter the letters that may follow it in a stem, as bits.
constexpr auto pairs_of_stems = [] {
  std::array<std::uint32_t, 256> pairs{};
  for (const std::string_view stem : stems) {
    const std::uint32_t second = 1U << static_cast<unsigned>(stem[1] - 'a');
    pairs[static_cast<unsigned char>(stem[0])] |= second;
    pairs[static_cast<unsigned char>(stem[0] - 'a' + 'A')] |= second;
  }
  return pairs;
}();

bool begins_with_stem(std::string_view text) {
  return std::ranges::any_of(stems, [text](std::string_view stem) {
    return text.size() >= stem.size() &&
           std::ranges::equal(text.substr(0, stem.size()), stem, {}, to_lower);
  });
}

/// Nearly all names hold none of the stems.
bool may_name_secret(std::string_view name) {
  for (std::size_t i = 0; i + 1 < name.size(); ++i) {
    const std::uint32_t seconds = pairs_of_stems[static_cast<unsigned char>(name[i])];
    if (seconds == 0) continue;
    const char next = to_lower(name[i + 1]);
    if (!is_lower(next) || ((seconds >> static_cast<unsigned>(next - 'a')) & 1U) == 0) continue;
    if (begins_with_stem(name.substr(i))) return true;
  }
  return false;
}

bool is_path(std::string_view value) {
  return value.starts_with('/') || value.starts_with("./") || value.starts_with("../") ||
         value.starts_with("~/") || value.starts_with("file:") || value.ends_with(".pem") ||
         value.ends_with(".key") || value.ends_with(".crt");
}

/// Whether the value is only the name of another one: "${NAME}"; not "${NAME:-hunter2}".
bool refers(std::string_view value, std::string_view open, std::string_view close,
            std::string_view signs) {
  if (value.size() <= open.size() + close.size()) return false;
  if (!value.starts_with(open) || !value.ends_with(close)) return false;
  value.remove_prefix(open.size());
  value.remove_suffix(close.size());
  return std::ranges::all_of(value,
                             [&](char c) { return is_alphanumeric(c) || signs.contains(c); });
}

/// "true", "${NAME}", "$(cat FILE)", "{{ field }}", "***".
bool is_no_value(std::string_view value) {
  constexpr auto words = std::to_array<std::string_view>(
      {"true", "false", "yes", "no", "on", "off", "null", "nil", "none", "enabled", "disabled",
       "required", "optional", "undefined", "***"});
  if (value.size() < 10 && has(words, std::string_view(lower_case(value)))) return true;
  return refers(value, "${", "}", "_") || refers(value, "{{", "}}", " ._$") ||
         refers(value, "$(cat ", ")", "/._-") || refers(value, "$(<", ")", "/._-");
}

/// "SHA256", "HS512", "aes-256-gcm".
bool names_algorithm(std::string_view value) {
  constexpr std::size_t longest = 12;
  constexpr auto beginnings =
      std::to_array<std::string_view>({"aes", "argon2", "es2", "es3", "es5", "hmac", "hs2", "hs3",
                                       "hs5", "md5", "ps2", "rs2", "rs3", "rs5", "sha"});
  const std::string word = lower_case(value.substr(0, longest + 1));
  return word.size() <= longest &&
         std::ranges::any_of(beginnings, [&](std::string_view it) { return word.starts_with(it); });
}

/// Whether a value that need not be a secret looks like one: no address, no version, no plain word.
bool is_plausible(std::string_view value) {
  constexpr std::size_t least = 4;
  constexpr std::size_t long_word = 20;
  if (value.size() < least || is_path(value) || value.contains("://") || names_algorithm(value))
    return false;
  const auto is_number = [](std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return is_digit(c) || c == '.'; });
  };
  if (const std::size_t colon = value.rfind(':'); colon != std::string_view::npos) {
    const std::string_view behind = value.substr(colon + 1);
    return !behind.empty() && !is_number(behind);
  }
  if (is_number(value)) return !value.contains('.');
  return value.size() >= long_word || std::ranges::any_of(value, is_digit);
}

/// Without what the owner of the label chose: "traefik.http.routers.NAME.rule".
std::string_view telling_part(std::string_view key) {
  const std::size_t slash = key.find('/');
  const std::string_view domain = key.substr(0, slash == std::string_view::npos ? 0 : slash);
  if (domain.contains('.') && !domain.ends_with('.') && !domain.starts_with("caddy")) {
    key.remove_prefix(slash + 1);
  }
  constexpr std::string_view prefix = "traefik.";
  const std::size_t at = key.starts_with("user.") ? 5 : 0;
  if (!std::ranges::equal(key.substr(at, prefix.size()), prefix, {}, to_lower)) return key;
  const std::string_view protocol = key.substr(at + prefix.size());
  if (!protocol.starts_with("http.") && !protocol.starts_with("tcp.") &&
      !protocol.starts_with("udp.")) {
    return key.substr(at);
  }
  std::size_t begin = at;
  for (int segment = 0; segment < 4; ++segment) {
    const std::size_t dot = key.find('.', begin);
    if (dot == std::string_view::npos) return key.substr(at);
    begin = dot + 1;
  }
  return key.substr(begin);
}

}  // namespace

Secrecy secrecy_of(std::string_view name) {
  if (!may_name_secret(name)) return Secrecy::none;
  return secrecy_of(NameWords(name).words());
}

Secrecy secrecy_of_parameter(std::string_view name) {
  constexpr auto parameters = std::to_array<std::string_view>(
      {"auth", "code", "key", "sas", "se", "sid", "sig", "signature", "sign"});
  if (has(parameters, std::string_view(lower_case(name)))) return Secrecy::if_plausible;
  return secrecy_of(name);
}

Secrecy secrecy_of_label(std::string_view key) {
  if (!may_name_secret(key)) return Secrecy::none;
  return secrecy_of(NameWords(telling_part(key)).words());
}

bool is_secret(Secrecy secrecy, std::string_view value) {
  if (secrecy == Secrecy::none || value.empty() || is_no_value(value)) return false;
  if (secrecy == Secrecy::if_plausible) return is_plausible(value);
  return secrecy == Secrecy::sure || !is_path(value);
}

bool names_link(std::string_view name) {
  if (!name.ends_with("hook") && !name.ends_with("hooks") && !name.ends_with("HOOK")) return false;
  const NameWords words(name);
  return !words.words().empty() && has(links, words.words().back());
}

}  // namespace rollcall
