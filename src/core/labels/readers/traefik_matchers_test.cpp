// Rules that Traefik takes and refuses, by version and protocol.
#include "core/labels/readers/traefik_matchers.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/labels/readers/go_regexp.hpp"

namespace rollcall::readers {
namespace {

struct Case {
  std::string_view rule;
  std::string_view wrong = {};  ///< "OFFSET: PART"; empty: it is taken.
};

std::string verdict(std::string_view text, RuleProtocol protocol, std::string_view syntax) {
  const auto rule = parse_rule(text);
  if (!rule) return fmt::format("{}: {}", rule.error().offset, rule.error().what);
  const auto error = matcher_error(*rule, protocol, syntax);
  return error ? fmt::format("{}: {}", error->offset, error->what) : std::string();
}

void expect(const std::vector<Case>& cases, RuleProtocol protocol, std::string_view syntax) {
  for (const auto& [rule, wrong] : cases) {
    const std::string found = verdict(rule, protocol, syntax);
    EXPECT_TRUE(wrong.empty() ? found.empty() : found.contains(wrong))
        << rule << "\nexpected: " << wrong << "\nfound:    " << found;
  }
}

// What both versions say of a rule of HTTP.
TEST(TraefikMatchers, OfBothVersions) {
  const std::vector<Case> cases{
      {"Host(`a.example`)"},
      {"host(`a.example`)"},
      {"HOST(`a.example`)"},
      {"hOST(`a.example`)", "0: Traefik has no matcher hOST: write Host"},
      {"Pathprefix(`/a`)"},
      {"PATHPREFIX(`/a`)"},
      {"pathPrefix(`/a`)", "0: Traefik has no matcher pathPrefix: write PathPrefix"},
      {"PATHPrefix(`/a`)", "write PathPrefix"},
      {"Hostregexp(`a`)"},
      {"HostRegExp(`a`)", "write HostRegexp"},
      {"Clientip(`10.0.0.1`)"},
      {"ClientIp(`10.0.0.1`)", "write ClientIP"},
      {"Hots(`a.example`)", "0: Traefik has no matcher Hots; did you mean 'Host'?"},
      {"HostSNI(`a.example`)", "0: Traefik has no matcher HostSNI for HTTP"},
      {"ALPN(`h2`)", "0: Traefik has no matcher ALPN for HTTP"},
      {"Host(`a.example`) && HostSNI(`*`)", "21: Traefik has no matcher HostSNI for HTTP"},
      {"Host()", "0: Host needs a value"},
      {"!Path()", "1: Path needs a value"},
      {"Method()", "Method needs a value"},
      {"Method(``)", "8: an empty value is none for Method"},
      {"Method(`GET`)"},
      {"Method(`purge`)"},
      {"ClientIP()", "needs a value"},
      {"ClientIP(``)", "10: \"\" is not an address"},
      {"ClientIP(`1`)", "10: \"1\" is not an address"},
      {"ClientIP(`10.0.0.1`)"},
      {"ClientIP(`10.0.0.0/8`)"},
      {"ClientIP(`10.0.0.0/33`)", "is not an address"},
      {"ClientIP(`10.0.0.0/`)", "is not an address"},
      {"ClientIP(`10.0.0.0/08`)", "is not an address"},
      {"ClientIP(`10.0.0.256`)", "is not an address"},
      {"ClientIP(`fd00::1`)"},
      {"ClientIP(`fd00::/8`)"},
      {"ClientIP(`fd00::/129`)", "is not an address"},
      {"ClientIP(`a.example`)", "is not an address"},
      {"Path(`/a`)"},
      {"Path(``)", "6: \"\" is not a path"},
      {"Path(`a`)", "6: \"a\" is not a path"},
      {"PathPrefix(`css`)", "12: \"css\" is not a path"},
      {"!PathPrefix(`css`)", "13: \"css\" is not a path"},
      {"HostRegexp(``)", "an empty value is none for HostRegexp"},
      {"Query(``)", "an empty value is none for Query"},
      {"Query(`a=b`)"},
      {"Host(`a.example`) || Method(``)", "is none for Method"},
      {"(Host(`a.example`) && !(Method(`GET`) || Path(`x`)))", "is not a path"},
  };
  expect(cases, RuleProtocol::http, "v2");
  expect(cases, RuleProtocol::http, "v3");
  expect(cases, RuleProtocol::http, "");
}

TEST(TraefikMatchers, OfVersion3) {
  expect(
      {
          {"Host(`a.example`, `b.example`)", "0: Host takes one value: join several with ||"},
          {"HostRegexp(`a`, `b`)", "HostRegexp takes one value"},
          {"Path(`/a`, `/b`)", "Path takes one value"},
          {"PathPrefix(`/a`, `/b`)", "PathPrefix takes one value"},
          {"Method(`GET`, `POST`)", "Method takes one value"},
          {"ClientIP(`10.0.0.1`, `10.0.0.2`)", "ClientIP takes one value"},
          {"HostHeader(`a.example`)", "version 3 of Traefik has no matcher HostHeader"},
          {"Headers(`A`, `b`)", "version 3 of Traefik has no matcher Headers"},
          {"HeadersRegexp(`A`, `b`)", "version 3 of Traefik has no matcher HeadersRegexp"},
          {"Header(`A`)", "Header takes two values"},
          {"Header(`A`, ``)", "13: an empty value is none for Header"},
          {"Header(``, `b`)", "an empty value"},
          {"Header(`A`, `b`, `c`)", "Header takes two values"},
          {"Header(`A`, `b`)"},
          {"HeaderRegexp(`A`, `(b`)", "19: \"(b\" is not a regular expression of Go"},
          {"HeaderRegexp(`(A`, `b`)"},
          {"HeaderRegexp(`A`, `^b$`)"},
          {"HeaderRegexp(`A`)", "takes two values"},
          {"Query(`a`)"},
          {"Query(`a`, `b`)"},
          {"Query(`a`, ``)", "an empty value"},
          {"Query(`a`, `b`, `c`)", "Query takes a name, and at most one value"},
          {"QueryRegexp(`a`, `^[0-9]+$`)"},
          {"QueryRegexp(`a`, `[0-9`)", "is not a regular expression"},
          {"QueryRegexp(`a`)"},
          {"QueryRegexp()", "needs a value"},
          {"PathRegexp(`^/(a|b)/`)"},
          {"PathRegexp(`/(a`)", "13: \"/(a\" is not a regular expression of Go"},
          {"PathRegexp(``)", "an empty value"},
          {"HostRegexp(`(a.example`)", "12: \"(a.example\" is not a regular expression of Go"},
          {"HostRegexp(`{sub:[a-z]+}.a.example`)"},
          {"Path(`/a/{b`)"},
      },
      RuleProtocol::http, "v3");
}

TEST(TraefikMatchers, OfVersion2) {
  expect(
      {
          {"Host(`a.example`, `b.example`)"},
          {"HostHeader(`a.example`)"},
          {"HostRegexp(`a.example`, `{sub:[a-z]+}.example`)"},
          {"HostRegexp(`(a.example`)"},
          {"HostRegexp(`{sub:[a-z}.example`)", "12: \"{sub:[a-z}\" is not a pattern"},
          {"HostRegexp(`{sub.example`)", "12: this brace is not closed"},
          {"HostRegexp(`sub}.example`)", "15: this brace is not opened"},
          {"Path(`/a`, `/b`)"},
          {"Path(`/a/{b}`)"},
          {"Path(`/a/{b:}`)", "is not a pattern"},
          {"Path(`/a/{}`)", "is not a pattern"},
          {"Path(`/a/{:[a-z]}`)", "is not a pattern"},
          {"PathPrefix(`/a{b:(x|y{2})}`)"},
          {"Method(`GET`, `POST`)"},
          {"ClientIP(`10.0.0.1`, `fd00::/8`)"},
          {"ClientIP(`10.0.0.1`, `x`)", "is not an address"},
          {"Headers(`A`, `b`)"},
          {"Headers(`A`, `b`, `C`, `d`)"},
          {"Headers(`A`)", "Headers takes pairs"},
          {"HeadersRegexp(`A`, `b|c`)"},
          {"HeadersRegexp(`A`, `b|(c`)", "is not a regular expression"},
          {"Query(`a=b`, `c=d`)"},
          {"Query(`a`, `b`)"},
          {"Query(`a`)", "0: Query takes name=value"},
          {"Query(`a=b`, `c`)", "Query takes name=value"},
          {"Header(`A`, `b`)", "version 2 of Traefik has no matcher Header"},
          {"QueryRegexp(`a`, `b`)", "version 2 of Traefik has no matcher QueryRegexp"},
      },
      RuleProtocol::http, "v2");
}

// Whatever one version takes as a whole is taken.
TEST(TraefikMatchers, OfEitherVersion) {
  expect(
      {
          {"Host(`a.example`, `b.example`) && Headers(`A`, `b`)"},
          {"Host(`a.example`) && PathRegexp(`^/a`)"},
          {"Host(`a.example`, `b.example`) && PathRegexp(`^/a`)",
           "34: version 2 of Traefik has no matcher PathRegexp"},
          {"HostHeader(`a.example`) && Query(`a`)", "27: Query takes name=value"},
          {"Header(`A`, `b`) || Headers(`A`, `b`)",
           "0: version 2 of Traefik has no matcher Header;"},
          {"HostRegexp(`(a.example`)", "is not a regular expression"},
          {"Headers(`A`)", "Headers takes pairs"},
          {"Header(`A`)", "Header takes two values"},
      },
      RuleProtocol::http, "");
}

TEST(TraefikMatchers, OfTcp) {
  const std::vector<Case> both{
      {"HostSNI(`*`)"},
      {"hostsni(`a.example`)"},
      {"HOSTSNI(`a.example`)"},
      {"Hostsni(`a.example`)"},
      {"HostSni(`a.example`)", "write HostSNI"},
      {"HostSNI(`a_b.example`)"},
      {"HostSNI(`a.example.`)"},
      {"HostSNI(`fd00::1`)"},
      {"HostSNI(`*.example`)", "9: \"*.example\" is not a host name"},
      {"HostSNI(`a/b`)", "is not a host name"},
      {"HostSNI(``)", "9: \"\" is not a host name"},
      {"HostSNI(`bücher.example`)", "is not a host name"},
      {"HostSNI()", "HostSNI needs a value"},
      {"HostSNIRegexp(``)", "an empty value"},
      {"HostSNIRegexp()", "needs a value"},
      {"ALPN(`h2`)"},
      {"ALPN(``)", "an empty value is none for ALPN"},
      {"ALPN(`acme-tls/1`)", "6: \"acme-tls/1\" is not a protocol that a rule may ask for"},
      {"!ALPN(`acme-tls/1`)", "acme-tls/1"},
      {"ClientIP(`10.0.0.1`)"},
      {"ClientIP(`10.1`)", "is not an address"},
      {"Host(`a.example`)", "0: Traefik has no matcher Host for TCP"},
      {"HostSNI(`*`) && PathPrefix(`/`)", "16: Traefik has no matcher PathPrefix for TCP"},
      {"HostSNY(`*`)", "did you mean 'HostSNI'?"},
  };
  expect(both, RuleProtocol::tcp, "v2");
  expect(both, RuleProtocol::tcp, "v3");
  expect({{"HostSNI(`a.example`, `b.example`)", "HostSNI takes one value"},
          {"ALPN(`h2`, `mqtt`)", "ALPN takes one value"},
          {"HostSNIRegexp(`(a`)", "is not a regular expression"},
          {"HostSNIRegexp(`^.+$`)"}},
         RuleProtocol::tcp, "v3");
  expect({{"HostSNI(`a.example`, `b.example`)"},
          {"HostSNI(`a.example`, `*.example`)", "is not a host name"},
          {"ALPN(`h2`, `mqtt`)"},
          {"ALPN(`h2`, `acme-tls/1`)", "acme-tls/1"},
          {"HostSNIRegexp(`(a`)"},
          {"HostSNIRegexp(`{sub:[a-z]*}.example`, `{one}`)"},
          {"HostSNIRegexp(`{sub`)", "this brace is not closed"}},
         RuleProtocol::tcp, "v2");
}

TEST(TraefikMatchers, NamesOfTcpNeedTls) {
  const auto needs = [](std::string_view text) { return needs_tls(*parse_rule(text)); };
  EXPECT_TRUE(needs("HostSNI(`a.example`)"));
  EXPECT_TRUE(needs("hostsni(`a.example`)"));
  EXPECT_TRUE(needs("ClientIP(`10.0.0.1`) && !HostSNI(`a.example`)"));
  EXPECT_FALSE(needs("HostSNI(`*`)"));
  EXPECT_FALSE(needs("HostSNI(`*`) || HostSNI(`a.example`)"));
  EXPECT_FALSE(needs("HostSNIRegexp(`^a$`)"));
  EXPECT_FALSE(needs("ClientIP(`10.0.0.1`)"));
}

// The words of Go, whose parser Traefik uses.
TEST(TraefikRule, IsReadAsGoReadsIt) {
  const auto argument = [](std::string_view text) {
    const auto rule = parse_rule(text);
    return rule ? rule->arguments.front().text : rule.error().what;
  };
  EXPECT_EQ(argument("Host(`a\rb`)"), "ab");
  EXPECT_EQ(argument("Host(`a\nb`)"), "a\nb");
  EXPECT_EQ(argument("Host(\"a\nb\")"), "this quote is not closed");
  EXPECT_EQ(argument("Host(\"\\141\\x62\\u0063\\U00000064\")"), "abcd");
  EXPECT_TRUE(argument("Host(\"\\400\")").contains("no escape of Go"));
  EXPECT_TRUE(argument("Host(\"\\18\")").contains("no escape of Go"));
  EXPECT_EQ(argument("Host(`a`) // a name"), "a");
  EXPECT_EQ(argument("/* all */ Host /* of */ ( `a` /* b */ ) /**/"), "a");
  EXPECT_EQ(argument("Host(`a` /* not closed"), "this comment is not closed");
  EXPECT_TRUE(argument("Host(`a`) /* \n */ && Path(`/`)").contains("ends with this line"));
  EXPECT_EQ(parse_rule("Host(`a`) && // more\nPath(`/`)")->parts.size(), 2U);
}

TEST(GoRegexp, IsWhatRe2Takes) {
  for (const std::string_view right :
       {"",          "a",         "^.+\\.a$",     "(a|b)*",     "(?i)a", "(?i:a)b",
        "(?P<n>a)",  "(?<n_1>a)", "(?-s)a",       "(?im-sU:a)", "a{2}",  "a{2,}?",
        "a{2,4}",    "a{,2}",     "a{x}",         "{",          "}",     "]",
        "[a-z]",     "[]a]",      "[^]]",         "[a-]",       "[-a]",  "[[:alpha:]-]",
        "[\\d-z]",   "[\\]]",     "\\pL",         "\\p{Greek}", "\\x41", "\\x{10ffff}",
        "\\Qa(\\E*", "\\Q(",      "\\b\\B\\A\\z", "\\.\\-\\/",  "a||b",  "()",
        "x(?i)*",    "\\0",       "\\012",        "ä+",         "[ä-ö]"}) {
    EXPECT_EQ(regexp_error(right), std::nullopt) << right;
  }
  const std::vector<std::pair<std::string_view, std::size_t>> wrong{
      {"(a", 0},     {"a)", 1},      {"*a", 0},         {"a|*", 2},    {"(+a)", 1},   {"a**", 2},
      {"a+*", 2},    {"a{2}{3}", 4}, {"a{1001}", 1},    {"a{4,2}", 1}, {"[a", 0},     {"[]", 0},
      {"[z-a]", 1},  {"\\", 0},      {"\\y", 0},        {"\\1", 0},    {"(?=a)", 0},  {"(?!a)", 0},
      {"(?<=a)", 0}, {"(?P=n)", 0},  {"(?P<>a)", 0},    {"(?x)", 0},   {"(?i-)a", 0}, {"\\x", 0},
      {"\\x{}", 0},  {"\\p{", 0},    {"[[:nope:]]", 1}, {"\\C", 0},    {"(?i)*", 4}};
  for (const auto& [text, at] : wrong) {
    EXPECT_EQ(regexp_error(text), std::optional(at)) << text;
  }
}

}  // namespace
}  // namespace rollcall::readers
