#include "core/labels/readers/traefik_matchers.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/addresses.hpp"
#include "core/labels/readers/go_regexp.hpp"
#include "core/labels/readers/values.hpp"
#include "core/text/ascii.hpp"
#include "core/text/suggest.hpp"
#include "core/text/text.hpp"

namespace rollcall::readers {
namespace {

/// What the values of a matcher must be.
enum class Values : std::uint8_t {
  any,
  host,      ///< A host, checked where its name is taken.
  sni,       ///< "*", or a host without a wildcard.
  path,      ///< Begins with a slash; in version 2 it may hold patterns.
  client,    ///< An address, or a network such as 10.0.0.0/8.
  pattern,   ///< In version 2 a text with patterns in braces, in version 3 a regular expression.
  regexps,   ///< The second of each two is a regular expression.
  queries,   ///< In version 2 "name=value".
  protocol,  ///< A protocol within TLS.
};

/// How many values it takes.
enum class Count : std::uint8_t { none, one, two, one_or_two, some, pairs };

struct Matcher {
  std::string_view name;
  Count v2;  ///< None: version 2 does not have it.
  Count v3;
  Values values;
};

constexpr auto of_http = std::to_array<Matcher>({
    {"ClientIP", Count::some, Count::one, Values::client},
    {"Header", Count::none, Count::two, Values::any},
    {"HeaderRegexp", Count::none, Count::two, Values::regexps},
    {"Headers", Count::pairs, Count::none, Values::any},
    {"HeadersRegexp", Count::pairs, Count::none, Values::regexps},
    {"Host", Count::some, Count::one, Values::host},
    {"HostHeader", Count::some, Count::none, Values::host},
    {"HostRegexp", Count::some, Count::one, Values::pattern},
    {"Method", Count::some, Count::one, Values::any},
    {"Path", Count::some, Count::one, Values::path},
    {"PathPrefix", Count::some, Count::one, Values::path},
    {"PathRegexp", Count::none, Count::one, Values::pattern},
    {"Query", Count::some, Count::one_or_two, Values::queries},
    {"QueryRegexp", Count::none, Count::one_or_two, Values::regexps},
});

constexpr auto of_tcp = std::to_array<Matcher>({
    {"ALPN", Count::some, Count::one, Values::protocol},
    {"ClientIP", Count::some, Count::one, Values::client},
    {"HostSNI", Count::some, Count::one, Values::sni},
    {"HostSNIRegexp", Count::some, Count::one, Values::pattern},
});

std::span<const Matcher> matchers_of(RuleProtocol protocol) {
  if (protocol == RuleProtocol::tcp) return of_tcp;
  return of_http;
}

/// Traefik takes the name as it is written, in small letters, in capitals, and with the first alone
/// of them a capital.
bool is_spelled(std::string_view word, std::string_view name) {
  if (word == name || word == lower_case(name)) return true;
  if (!equals_caseless(word, lower_case(name))) return false;
  const auto small = [](char c) { return !is_upper(c); };
  const auto capital = [](char c) { return !is_lower(c); };
  return std::ranges::all_of(word, capital) ||
         (is_upper(word[0]) && std::ranges::all_of(word.substr(1), small));
}

const Matcher* find_matcher(std::string_view word, RuleProtocol protocol) {
  const auto all = matchers_of(protocol);
  const auto at = std::ranges::find_if(
      all, [word](const Matcher& matcher) { return is_spelled(word, matcher.name); });
  return at == all.end() ? nullptr : &*at;
}

bool fits(Count count, std::size_t values) {
  switch (count) {
    case Count::none:
      return false;
    case Count::one:
      return values == 1;
    case Count::two:
      return values == 2;
    case Count::one_or_two:
      return values == 1 || values == 2;
    case Count::some:
      return values > 0;
    case Count::pairs:
      return values > 0 && values % 2 == 0;
  }
  return false;
}

std::string_view wanted(Count count) {
  switch (count) {
    case Count::one:
      return "takes one value: join several with ||";
    case Count::two:
      return "takes two values: a name and a value";
    case Count::one_or_two:
      return "takes a name, and at most one value";
    case Count::pairs:
      return "takes pairs of a name and a value";
    case Count::none:
    case Count::some:
      break;
  }
  return "needs a value";
}

class Check {
 public:
  Check(RuleProtocol protocol, bool is_v2) : protocol_(protocol), is_v2_(is_v2) {}

  std::optional<RuleError> rule(const Rule& rule) {
    if (rule.kind == Rule::Kind::matcher) return matcher(rule);
    for (const Rule& part : rule.parts) {
      if (auto error = this->rule(part)) return error;
    }
    return std::nullopt;
  }

 private:
  std::optional<RuleError> matcher(const Rule& rule) const {
    const Matcher* matcher = find_matcher(rule.name, protocol_);
    if (matcher == nullptr) return error(rule.offset, unknown(rule.name));
    const Count count = is_v2_ ? matcher->v2 : matcher->v3;
    if (count == Count::none) {
      return error(rule.offset, fmt::format("version {} of Traefik has no matcher {}; a rule keeps "
                                            "to the matchers of one version",
                                            is_v2_ ? 2 : 3, matcher->name));
    }
    if (rule.arguments.empty()) return error(rule.offset, rule.name + " needs a value");
    if (!fits(count, rule.arguments.size())) {
      return error(rule.offset, fmt::format("{} {}", rule.name, wanted(count)));
    }
    for (std::size_t i = 0; i < rule.arguments.size(); ++i) {
      if (auto wrong = value(*matcher, rule.arguments[i], i)) return wrong;
    }
    return matcher->values == Values::queries && is_v2_ ? queries(rule) : std::nullopt;
  }

  [[nodiscard]] std::string unknown(const std::string& name) const {
    std::vector<std::string> names;
    for (const Matcher& matcher : matchers_of(protocol_)) {
      if (equals_caseless(name, lower_case(matcher.name))) {
        return fmt::format("Traefik has no matcher {}: write {}", name, matcher.name);
      }
      names.emplace_back(matcher.name);
    }
    constexpr std::size_t longest = 32;
    const auto other = protocol_ == RuleProtocol::tcp ? RuleProtocol::http : RuleProtocol::tcp;
    if (find_matcher(name, other) != nullptr) {
      return fmt::format("Traefik has no matcher {} for {}", name,
                         protocol_ == RuleProtocol::tcp ? "TCP" : "HTTP");
    }
    return fmt::format("Traefik has no matcher {}{}", excerpt(name, longest),
                       name.size() > longest ? std::string() : suggestion(name, names));
  }

  [[nodiscard]] std::optional<RuleError> value(const Matcher& matcher,
                                               const Rule::Argument& argument,
                                               std::size_t index) const {
    const std::string& text = argument.text;
    const auto wrong = [&](std::size_t at, std::string_view right) {
      return error(argument.offset + at, fmt::format("\"{}\" is not {}", excerpt(text), right));
    };
    switch (matcher.values) {
      case Values::host:
        return std::nullopt;  // what is none is found where its name is taken
      case Values::path:
        if (!text.starts_with('/')) return wrong(0, right::path);
        return is_v2_ ? template_error(argument) : std::nullopt;
      case Values::sni:
        if (text == "*" || is_server_name(text)) return std::nullopt;
        return wrong(0, text.starts_with('*')
                            ? "a host name: several names below one need HostSNIRegexp"
                            : right::host);
      case Values::client:
        return is_network(text) ? std::nullopt
                                : wrong(0, "an address or a network: write 10.0.0.1 or 10.0.0.0/8");
      case Values::protocol:
        if (text == "acme-tls/1") return wrong(0, "a protocol that a rule may ask for");
        break;
      case Values::pattern:
        if (text.empty()) break;
        return is_v2_ ? template_error(argument) : regexp(argument);
      case Values::regexps:
        if (index % 2 == 1 && !text.empty()) return regexp(argument);
        break;
      case Values::any:
      case Values::queries:
        break;
    }
    if (!text.empty()) return std::nullopt;
    return error(argument.offset, fmt::format("an empty value is none for {}", matcher.name));
  }

  static std::optional<RuleError> regexp(const Rule::Argument& argument) {
    const bool ascii = std::ranges::all_of(
        argument.text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    const auto at = regexp_error(argument.text);
    if (!at) return std::nullopt;
    return error(argument.offset + (ascii ? *at : 0),
                 fmt::format("\"{}\" is not a regular expression of Go", excerpt(argument.text)));
  }

  // Version 2: "{name}" and "{name:regular expression}", with braces that are closed.
  static std::optional<RuleError> template_error(const Rule::Argument& argument) {
    const std::string_view text = argument.text;
    std::size_t depth = 0;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '{' && ++depth == 1) begin = i;
      if (text[i] != '}') continue;
      if (depth == 0) return error(argument.offset + i, "this brace is not opened");
      if (--depth > 0) continue;
      const std::string_view inside = text.substr(begin + 1, i - begin - 1);
      const std::size_t colon = std::min(inside.find(':'), inside.size());
      const bool empty = colon == 0 || colon + 1 == inside.size();
      if (empty || regexp_error(inside.substr(std::min(colon + 1, inside.size())))) {
        return error(
            argument.offset + begin,
            fmt::format("\"{{{}}}\" is not a pattern: write {{name:[a-z]+}}", excerpt(inside)));
      }
    }
    if (depth > 0) return error(argument.offset + begin, "this brace is not closed");
    return std::nullopt;
  }

  static std::optional<RuleError> queries(const Rule& rule) {
    std::size_t parts = 0;
    for (const Rule::Argument& argument : rule.arguments) {
      parts += argument.text.contains('=') ? 2 : 1;
    }
    if (parts % 2 == 0) return std::nullopt;
    return error(rule.offset, "Query takes name=value");
  }

  static bool is_server_name(std::string_view text) {
    const auto allowed = [](char c) {
      return is_alphanumeric(c) || c == '_' || c == '.' || c == '-' || c == ':';
    };
    return !text.empty() && std::ranges::all_of(text, allowed);
  }

  static bool is_network(std::string_view text) {
    const std::size_t slash = std::min(text.find('/'), text.size());
    const auto address = canonical_address(text.substr(0, slash));
    if (!address || slash == text.size()) return address.has_value();
    const std::string_view bits = text.substr(slash + 1);
    if (bits.empty() || bits.size() > 3 || !std::ranges::all_of(bits, is_digit)) return false;
    if (bits.size() > 1 && bits[0] == '0') return false;
    int number = 0;
    for (const char c : bits) number = number * 10 + (c - '0');
    return number <= (address->family == AddressFamily::ipv4 ? 32 : 128);
  }

  static std::optional<RuleError> error(std::size_t offset, std::string what) {
    return RuleError{.offset = offset, .what = std::move(what)};
  }

  RuleProtocol protocol_;
  bool is_v2_;
};

/// Whether it is written for version 2: with a matcher of that alone, or with several values where
/// version 3 takes one.
bool is_for_v2(const Rule& rule, RuleProtocol protocol) {
  if (rule.kind != Rule::Kind::matcher) {
    return std::ranges::any_of(rule.parts,
                               [protocol](const Rule& part) { return is_for_v2(part, protocol); });
  }
  const Matcher* matcher = find_matcher(rule.name, protocol);
  if (matcher == nullptr || matcher->v2 == Count::none) return false;
  return matcher->v3 == Count::none || !fits(matcher->v3, rule.arguments.size());
}

/// The first HostSNI of a rule; null, if there is none.
const Rule* first_name(const Rule& rule) {
  if (rule.kind == Rule::Kind::matcher) {
    return equals_caseless(rule.name, "hostsni") ? &rule : nullptr;
  }
  for (const Rule& part : rule.parts) {
    if (const Rule* found = first_name(part)) return found;
  }
  return nullptr;
}

}  // namespace

std::optional<RuleError> matcher_error(const Rule& rule, RuleProtocol protocol,
                                       std::string_view syntax) {
  auto of_v3 = Check(protocol, false).rule(rule);
  if (syntax == "v3" || (!of_v3 && syntax != "v2")) return of_v3;
  auto of_v2 = Check(protocol, true).rule(rule);
  if (syntax == "v2") return of_v2;
  return is_for_v2(rule, protocol) ? of_v2 : of_v3;
}

bool needs_tls(const Rule& rule) {
  const Rule* name = first_name(rule);
  return name != nullptr && !name->arguments.empty() && name->arguments.front().text != "*";
}

}  // namespace rollcall::readers
