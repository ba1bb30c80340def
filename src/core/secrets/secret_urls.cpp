#include <algorithm>
#include <array>
#include <cstddef>

#include "core/secrets/secret_spans.hpp"
#include "core/text/ascii.hpp"

namespace rollcall {
namespace {

constexpr std::string_view mark = "://";

/// Schemes of notification tools: any part of such a URL may give access to a chat.
constexpr auto chats = std::to_array<std::string_view>(
    {"bark",       "discord",  "googlechat", "gotify",     "ifttt", "join",
     "mattermost", "mmost",    "msteams",    "opsgenie",   "pbul",  "pover",
     "pushbullet", "pushover", "rocket",     "rocketchat", "slack", "teams",
     "telegram",   "tgram",    "twilio",     "zulip"});

/// What stands before a part of a path that gives access.
constexpr auto before_access = std::to_array<std::string_view>(
    {"hooks.slack.com/services/", "hooks.slack.com/workflows/", "/api/webhooks/",
     "api.telegram.org/bot", "webhook.office.com/", "outlook.office.com/webhook/",
     "hooks.zapier.com/hooks/catch/", "hooks.chime.aws/incomingwebhooks/", "hc-ping.com/"});

bool is_scheme_character(char c) {
  return is_alphanumeric(c) || c == '+' || c == '-' || c == '.';
}

bool is_number(std::string_view text) {
  return std::ranges::all_of(text, is_digit);
}

/// Whether what stands after the last colon of an authority may be a port, or is one that is to be
/// filled in: "8080", "", "${PORT}", "{port}", "*".
bool may_be_port(std::string_view text) {
  constexpr std::size_t longest = 5;
  if (text.empty() || text == "*" || text == "port" || text == "PORT") return true;
  if (text.starts_with("${") || text.starts_with('{') || text.starts_with('<')) return true;
  return text.size() <= longest && is_number(text);
}

/// A name in a URL of the web that is more than the name of a person: "ghp_a8Xk2L", not "git".
bool is_token_as_user(std::string_view user) {
  constexpr std::size_t longest_name = 12;
  return user.size() > longest_name ||
         std::ranges::any_of(user, [](char c) { return is_digit(c) || is_upper(c); });
}

class Urls {
 public:
  Urls(std::string_view text, SecretSpans& spans) : text_(text), spans_(spans) {}

  void find() {
    for (std::size_t at = text_.find(mark); at < text_.size();) {
      const std::size_t next = std::min(text_.find(mark, at + mark.size()), text_.size());
      const std::size_t scheme = begin_of_scheme(at);
      const std::size_t begin = at + mark.size();
      std::size_t end = end_of_url(scheme, begin, next);
      // Another URL may follow in the same word, and its scheme is no part of this host.
      if (next == end) end = std::max(begin, begin_of_scheme(next));
      one(text_.substr(scheme, at - scheme), begin, end, next);
      at = next;
    }
    find_without_scheme();
    find_access();
  }

 private:
  [[nodiscard]] std::size_t begin_of_scheme(std::size_t end) const {
    while (end > 0 && is_scheme_character(text_[end - 1])) --end;
    return end;
  }

  /// A blank ends it, and the quote that stands before it.
  [[nodiscard]] std::size_t end_of_url(std::size_t scheme, std::size_t begin,
                                       std::size_t most) const {
    const char before = scheme == 0 ? '\0' : text_[scheme - 1];
    const bool quoted = before == '"' || before == '\'' || before == '`';
    std::size_t end = begin;
    while (end < most && !std::string_view(" \t\r\n").contains(text_[end])) {
      if (quoted && text_[end] == before) break;
      ++end;
    }
    return end;
  }

  void one(std::string_view scheme, std::size_t begin, std::size_t end, std::size_t next) {
    const std::string_view url = text_.substr(begin, end - begin);
    if (std::ranges::find(chats, lower_case(scheme)) != chats.end() && !url.empty()) {
      return add(begin, std::min(text_.find_first_of(", \t\r\n\"'", begin), text_.size()));
    }
    const std::string_view authority = url.substr(0, url.find_first_of("/?#"));
    const std::size_t colon = authority.find(':');
    const bool of_web = scheme.ends_with("http") || scheme.ends_with("https");
    std::size_t at = authority.rfind('@');
    if (at != std::string_view::npos && colon != std::string_view::npos && colon < at) {
      at = last_at(url, authority.size(), at);
    } else if (at == std::string_view::npos && colon != std::string_view::npos) {
      at = at_behind_port(url, authority, of_web);
    }
    if (at == std::string_view::npos) return spaced(begin, end, next, authority);
    userinfo(url.substr(0, at), begin, of_web);
  }

  void userinfo(std::string_view info, std::size_t begin, bool of_web) {
    const std::size_t colon = info.find(':');
    if (colon == std::string_view::npos) {
      if (of_web && is_token_as_user(info)) add(begin, begin + info.size());
      return;
    }
    const std::string_view password = info.substr(colon + 1);
    const bool token_is_user = password.empty() || password == "x-oauth-basic";
    if (of_web && token_is_user && is_token_as_user(info.substr(0, colon))) {
      add(begin, begin + colon);
    }
    add(begin + colon + 1, begin + info.size());
  }

  /// A password may hold '@' and '/': it ends with the last '@' of the path that is not the first
  /// of a part of the path, as in "/@scope/package".
  static std::size_t last_at(std::string_view url, std::size_t authority, std::size_t at) {
    const std::size_t query = std::min(url.find_first_of("?#", authority), url.size());
    std::size_t last = url.rfind('@');
    // "?mail=a@b" is a query; "?x@host" is the rest of a password.
    if (last != std::string_view::npos && last > query &&
        url.substr(query, last - query).contains('=')) {
      last = url.substr(0, query).rfind('@');
    }
    if (last == std::string_view::npos || last < authority || url[last - 1] == '/') return at;
    return last;
  }

  /// Without '@' before the path, "user:pa/ss@host" is told from "host:80/a@b" by what follows the
  /// colon, which is no port.
  static std::size_t at_behind_port(std::string_view url, std::string_view authority, bool of_web) {
    const std::size_t colon =
        authority.starts_with('[') ? authority.find("]:") : authority.rfind(':');
    if (authority.starts_with('[') && colon == std::string_view::npos) return colon;
    const std::string_view port = authority.substr(colon + (authority.starts_with('[') ? 2 : 1));
    const std::size_t last = url.rfind('@');
    if (last == std::string_view::npos) return last;
    const bool of_query = url.substr(0, last).contains('?') && may_be_port(port);
    return may_be_port(port) && (of_web || port.empty() || of_query) ? std::string_view::npos
                                                                     : last;
  }

  /// A password with a blank in it is none that a URL allows, and is kept all the same.
  void spaced(std::size_t begin, std::size_t end, std::size_t next, std::string_view authority) {
    const std::size_t colon = authority.rfind(':');
    if (colon == std::string_view::npos || authority.contains('[')) return;
    if (may_be_port(authority.substr(colon + 1)) || text_[begin + authority.size() - 1] == ',')
      return;
    const std::string_view rest = text_.substr(begin, next - begin);
    const std::size_t at = rest.substr(0, rest.find_first_of("\r\n")).rfind('@');
    if (at == std::string_view::npos || at < end - begin) return;
    add(begin + authority.find(':') + 1, begin + at);
  }

  /// "user:password@host".
  void find_without_scheme() {
    for (std::size_t at = text_.find('@'); at < text_.size(); at = text_.find('@', at + 1)) {
      const std::string_view behind = text_.substr(at + 1);
      if (behind.starts_with("sha256:") || behind.starts_with("sha512:")) continue;
      const std::size_t begin = begin_of_word(at);
      const std::string_view word = text_.substr(begin, at - begin);
      const std::size_t colon = word.find(':');
      if (colon == std::string_view::npos || colon == 0 || colon + 1 == word.size()) continue;
      if (word.contains(mark) || names_address(word.substr(0, colon))) continue;
      add(begin + colon + 1, at);
    }
  }

  /// Each looks back no farther than the '@' before.
  [[nodiscard]] std::size_t begin_of_word(std::size_t at) const {
    while (at > 0 && !std::string_view(" \t\r\n\"'`,;=<>()[]{}@").contains(text_[at - 1])) --at;
    return at;
  }

  /// "mailto:bob@example.org", "npm:package@1": what follows is no password.
  static bool names_address(std::string_view word) {
    constexpr auto words = std::to_array<std::string_view>(
        {"acct", "author", "authors", "bcc",  "cc",     "contact",    "email", "from",
         "git",  "im",     "jid",     "mail", "mailto", "maintainer", "npm",   "pkg",
         "sip",  "sips",   "support", "to",   "vendor", "workspace",  "xmpp"});
    const std::string_view last = word.substr(word.rfind('/') + 1);
    return std::ranges::find(words, lower_case(last)) != words.end();
  }

  /// "https://hooks.slack.com/services/T00/B00/XXX".
  void find_access() {
    if (!text_.contains("hook") && !text_.contains("api.telegram") && !text_.contains("hc-ping")) {
      return;
    }
    for (const std::string_view start : before_access) {
      for (std::size_t at = text_.find(start); at < text_.size(); at = text_.find(start, at + 1)) {
        const std::size_t begin = at + start.size();
        const std::size_t end = std::min(text_.find_first_of(" \t\r\n\"'`,;", begin), text_.size());
        add(begin, end);
        at = end - 1;
      }
    }
  }

  void add(std::size_t begin, std::size_t end) {
    if (begin < end) spans_.push_back({begin, end});
  }

  std::string_view text_;
  SecretSpans& spans_;
};

}  // namespace

void find_in_urls(std::string_view text, SecretSpans& spans) {
  Urls(text, spans).find();
}

}  // namespace rollcall
