#include "core/labels/readers/traefik_fields.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include <fmt/format.h>

#include "core/labels/readers/values.hpp"
#include "core/text/ascii.hpp"
#include "core/text/numbers.hpp"
#include "core/text/suggest.hpp"
#include "core/text/text.hpp"

namespace rollcall::readers {
namespace {

/// The fields that lie in a folder. In a path "*" is any name, and "[]" an index after a word.
///
/// A field is a text; with ":b" a boolean, with ":i" an integer, with ":d" a duration, with ":l" a
/// list, with ":a" a folder that may stand alone, and with ":m" all that is below it is right.
struct Folder {
  std::string_view path;
  std::string_view fields;
};

constexpr std::string_view ip_strategy = "depth:i excludedips:l ipv6subnet:i";
constexpr std::string_view criterion = "ipstrategy:a requestheadername requesthost:b";
constexpr std::string_view subject =
    "country:b province:b locality:b organization:b organizationalunit:b commonname:b "
    "serialnumber:b domaincomponent:b";
constexpr std::string_view tls_of_client = "ca cert key insecureskipverify:b caoptional:b";
constexpr std::string_view users = "users:l usersfile realm removeheader:b headerfield";

constexpr auto folders = std::to_array<Folder>({
    {"", "enable:b"},
    {"docker", "network lbswarm:b"},
    {"swarm", "network lbswarm:b"},

    {"http", "serverstransports:m models:m"},
    {"http.routers", "*:a"},
    {"http.routers.*",
     "entrypoints:l middlewares:l service rule rulesyntax priority:i tls:a parentrefs:l"},
    {"http.routers.*.tls", "options certresolver domains:m"},
    {"http.routers.*.tls.domains[]", "main sans:l"},
    {"http.routers.*.observability", "accesslogs:b metrics:b tracing:b traceverbosity"},
    {"http.services.*.loadbalancer",
     "sticky:a passhostheader:b serverstransport strategy passivehealthcheck:a"},
    {"http.services.*.loadbalancer.sticky", "cookie:a"},
    {"http.services.*.loadbalancer.sticky.cookie",
     "name secure:b httponly:b samesite maxage:i path domain"},
    {"http.services.*.loadbalancer.server", "url scheme port weight:i preservepath:b fenced:b"},
    {"http.services.*.loadbalancer.healthcheck",
     "scheme mode path method status:i port:i interval:d unhealthyinterval:d timeout:d hostname "
     "followredirects:b headers:m"},
    {"http.services.*.loadbalancer.passivehealthcheck", "failurewindow:d maxfailedattempts:i"},
    {"http.services.*.loadbalancer.responseforwarding", "flushinterval:d"},

    {"tcp", "serverstransports:m models:m"},
    {"tcp.routers", "*:a"},
    {"tcp.routers.*", "entrypoints:l middlewares:l service rule rulesyntax priority:i tls:a"},
    {"tcp.routers.*.tls", "passthrough:b options certresolver domains:m"},
    {"tcp.routers.*.tls.domains[]", "main sans:l"},
    {"tcp.services.*.loadbalancer", "terminationdelay:i proxyprotocol:a serverstransport strategy"},
    {"tcp.services.*.loadbalancer.proxyprotocol", "version:i"},
    {"tcp.services.*.loadbalancer.server", "address port tls:b weight:i"},
    {"tcp.services.*.loadbalancer.healthcheck",
     "port:i send expect interval:d unhealthyinterval:d timeout:d"},
    {"tcp.middlewares.*.inflightconn", "amount:i"},
    {"tcp.middlewares.*.ipwhitelist", "sourcerange:l"},
    {"tcp.middlewares.*.ipallowlist", "sourcerange:l"},

    {"udp.routers", "*:a"},
    {"udp.routers.*", "entrypoints:l service"},
    {"udp.services.*.loadbalancer.server", "address port"},

    {"tls.options.*",
     "minversion maxversion ciphersuites:l curvepreferences:l snistrict:b "
     "preferserverciphersuites:b alpnprotocols:l disablesessiontickets:b"},
    {"tls.options.*.clientauth", "cafiles:l clientauthtype"},
    {"tls.stores.*.defaultcertificate", "certfile keyfile"},
    {"tls.stores.*.defaultgeneratedcert", "resolver"},
    {"tls.stores.*.defaultgeneratedcert.domain", "main sans:l"},
    {"tls.certificates[]", "certfile keyfile stores:l"},

    {"http.middlewares", "*:a"},
    {"http.middlewares.*", "compress:a contenttype:a plugin:m encodedcharacters:m"},
    {"http.middlewares.*.addprefix", "prefix"},
    {"http.middlewares.*.stripprefix", "prefixes:l forceslash:b"},
    {"http.middlewares.*.stripprefixregex", "regex:l"},
    {"http.middlewares.*.replacepath", "path"},
    {"http.middlewares.*.replacepathregex", "regex replacement"},
    {"http.middlewares.*.chain", "middlewares:l"},
    {"http.middlewares.*.ipwhitelist", "sourcerange:l ipstrategy:a"},
    {"http.middlewares.*.ipwhitelist.ipstrategy", ip_strategy},
    {"http.middlewares.*.ipallowlist", "sourcerange:l ipstrategy:a rejectstatuscode:i"},
    {"http.middlewares.*.ipallowlist.ipstrategy", ip_strategy},
    {"http.middlewares.*.headers",
     "customrequestheaders:m customresponseheaders:m accesscontrolallowcredentials:b "
     "accesscontrolallowheaders:l accesscontrolallowmethods:l accesscontrolalloworigin "
     "accesscontrolalloworiginlist:l accesscontrolalloworiginlistregex:l "
     "accesscontrolexposeheaders:l accesscontrolmaxage:i addvaryheader:b allowedhosts:l "
     "hostsproxyheaders:l sslredirect:b ssltemporaryredirect:b sslhost sslproxyheaders:m "
     "sslforcehost:b stsseconds:i stsincludesubdomains:b stspreload:b forcestsheader:b framedeny:b "
     "customframeoptionsvalue contenttypenosniff:b browserxssfilter:b custombrowserxssvalue "
     "contentsecuritypolicy contentsecuritypolicyreportonly publickey referrerpolicy "
     "featurepolicy permissionspolicy isdevelopment:b"},
    {"http.middlewares.*.errors", "status:l service query statusrewrites:m"},
    {"http.middlewares.*.ratelimit", "average:i period:d burst:i redis:m"},
    {"http.middlewares.*.ratelimit.sourcecriterion", criterion},
    {"http.middlewares.*.ratelimit.sourcecriterion.ipstrategy", ip_strategy},
    {"http.middlewares.*.redirectregex", "regex replacement permanent:b"},
    {"http.middlewares.*.redirectscheme", "scheme port permanent:b"},
    {"http.middlewares.*.basicauth", users},
    {"http.middlewares.*.digestauth", users},
    {"http.middlewares.*.forwardauth",
     "address trustforwardheader:b authresponseheaders:l authresponseheadersregex "
     "authrequestheaders:l addauthcookiestoresponse:l headerfield forwardbody:b maxbodysize:i "
     "maxresponsebodysize:i preservelocationheader:b preserverequestmethod:b authsigninurl"},
    {"http.middlewares.*.forwardauth.tls", tls_of_client},
    {"http.middlewares.*.inflightreq", "amount:i"},
    {"http.middlewares.*.inflightreq.sourcecriterion", criterion},
    {"http.middlewares.*.inflightreq.sourcecriterion.ipstrategy", ip_strategy},
    {"http.middlewares.*.buffering",
     "maxrequestbodybytes:i memrequestbodybytes:i maxresponsebodybytes:i memresponsebodybytes:i "
     "retryexpression disablerequestbuffer:b disableresponsebuffer:b"},
    {"http.middlewares.*.circuitbreaker",
     "expression checkperiod:d fallbackduration:d recoveryduration:d responsecode:i"},
    {"http.middlewares.*.compress",
     "excludedcontenttypes:l includedcontenttypes:l minresponsebodybytes:i encodings:l "
     "defaultencoding"},
    {"http.middlewares.*.passtlsclientcert", "pem:b"},
    {"http.middlewares.*.passtlsclientcert.info",
     "notafter:b notbefore:b sans:b serialnumber:b subject:a issuer:a"},
    {"http.middlewares.*.passtlsclientcert.info.subject", subject},
    {"http.middlewares.*.passtlsclientcert.info.issuer", subject},
    {"http.middlewares.*.retry",
     "attempts:i initialinterval:d timeout:d maxrequestbodybytes:i status:l "
     "disableretryonnetworkerror:b retrynonidempotentmethod:b"},
    {"http.middlewares.*.contenttype", "autodetect:b"},
    {"http.middlewares.*.grpcweb", "alloworigins:l"},
});

/// Takes what stands before the next separator off the front.
std::string_view take(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

/// "domains" of "domains[0]"; the word itself, if it has no index.
std::string_view without_index(std::string_view word) {
  return word.ends_with(']') ? word.substr(0, word.find('[')) : word;
}

bool fits(std::string_view word, std::string_view pattern) {
  if (pattern == "*") return true;
  if (!pattern.ends_with("[]")) return equals_caseless(word, pattern);
  pattern.remove_suffix(2);
  return word.ends_with(']') && equals_caseless(without_index(word), pattern);
}

/// How many words of the path are those of the label; that many belong to it.
struct Match {
  std::size_t words = 0;
  std::string_view next;  ///< The pattern of the first that is another.
  bool whole = false;     ///< It is the path or something below it.
};

Match match_of(std::string_view path, std::span<const std::string_view> words) {
  Match match;
  while (!path.empty()) {
    match.next = take(path, '.');
    if (match.words == words.size() || !fits(words[match.words], match.next)) return match;
    ++match.words;
  }
  match.whole = true;
  return match;
}

/// "priority" and 'i' of "priority:i"; a text has no letter.
struct Field {
  std::string_view name;
  char type = '\0';
};

Field take_field(std::string_view& fields) {
  std::string_view field = take(fields, ' ');
  const std::string_view name = take(field, ':');
  return {.name = name, .type = field.empty() ? '\0' : field[0]};
}

bool is_integer(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(text.starts_with("+-") ? 0 : 1);
  return whole_number<std::int64_t>(text).has_value();
}

/// As Go takes it, with a sign, and zero without a unit.
bool is_duration(std::string_view text) {
  if (is_integer(text)) return true;
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  if (text.empty()) return false;
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const std::string_view number = text.substr(0, digits);
    const bool right =
        std::ranges::count(number, '.') <= 1 && std::ranges::any_of(number, is_digit);
    text.remove_prefix(digits);
    constexpr auto units =
        std::to_array<std::string_view>({"ms", "us", "µs", "μs", "ns", "h", "m", "s"});
    const auto unit = std::ranges::find_if(
        units, [&text](std::string_view word) { return text.starts_with(word); });
    if (!right || unit == units.end()) return false;
    text.remove_prefix(unit->size());
  }
  return true;
}

std::string_view wanted_type(char type, std::string_view value) {
  if (type == 'b' && !parse_go_bool(value)) return right::boolean;
  if (type == 'i' && !is_integer(value)) return "an integer: write digits";
  if (type == 'd' && !is_duration(value)) return "a duration: write 10s, 500ms or 1m30s";
  return {};
}

constexpr std::string_view consequence = "Traefik passes over all of the container's labels";

/// What may stand at this place, for people who mistyped it.
class Nearest {
 public:
  void add(std::string_view name) {
    if (name == "*" || name.empty()) return;
    if (name.ends_with("[]")) name.remove_suffix(2);
    if (std::ranges::find(names_, name) == names_.end()) names_.emplace_back(name);
  }
  [[nodiscard]] std::string of(std::string_view word) const {
    constexpr std::size_t longest = 64;
    return word.size() > longest ? std::string() : suggestion(lower_case(word), names_);
  }

 private:
  std::vector<std::string> names_;
};

std::optional<FieldFault> unknown(std::span<const std::string_view> words) {
  std::size_t known = 0;
  for (const Folder& folder : folders) known = std::max(known, match_of(folder.path, words).words);
  if (known == words.size()) {
    return FieldFault{.what = fmt::format("\"{}\" has no value of its own: {}",
                                          excerpt(words.back(), 64), consequence)};
  }
  Nearest nearest;
  for (const Folder& folder : folders) {
    const Match match = match_of(folder.path, words);
    if (match.words != known) continue;
    if (!match.whole) nearest.add(match.next);
    for (std::string_view fields = folder.fields; match.whole && !fields.empty();) {
      nearest.add(take_field(fields).name);
    }
  }
  return FieldFault{.what = fmt::format("\"{}\" is no field of Traefik's: it{}{}",
                                        excerpt(words[known], 64), consequence.substr(7),
                                        nearest.of(words[known]))};
}

}  // namespace

std::vector<std::string_view> words_of_key(std::string_view text) {
  constexpr std::size_t most = 10;
  std::vector<std::string_view> words;
  while (words.size() + 1 < most && text.contains('.')) words.push_back(take(text, '.'));
  words.push_back(text);
  return words;
}

bool is_decoded(std::span<const std::string_view> words) {
  // Traefik compares beginnings: "httpx" and "enabled" are decoded, and are errors.
  constexpr auto roots = std::to_array<std::string_view>({"http", "tcp", "udp", "tls", "enable"});
  const bool begins = std::ranges::any_of(
      roots, [&](std::string_view root) { return begins_with_caseless(words[0], root); });
  const bool is_option = equals_caseless(words[0], "docker") || equals_caseless(words[0], "swarm");
  return begins || (is_option && words.size() > 1);
}

std::optional<FieldFault> fault_of(std::span<const std::string_view> words, std::string_view value,
                                   bool explain) {
  if (!is_decoded(words)) return std::nullopt;
  for (const std::string_view& word : words) {
    if (word.empty() || word.starts_with('[')) {
      return FieldFault{.what =
                            fmt::format("a name is missing {} a dot: {}",
                                        &word == &words.back() ? "behind" : "before", consequence)};
    }
  }
  for (const Folder& folder : folders) {
    const Match match = match_of(folder.path, words);
    if (!match.whole || match.words == words.size()) continue;
    const std::string_view word = words[match.words];
    const bool is_last = match.words + 1 == words.size();
    for (std::string_view fields = folder.fields; !fields.empty();) {
      const auto [name, type] = take_field(fields);
      const bool indexed = type == 'l' && word.ends_with(']');
      if (!fits(indexed ? without_index(word) : word, name)) continue;
      if (type == 'm') return std::nullopt;
      if (!is_last) continue;
      const std::string_view wanted = wanted_type(type, value);
      if (wanted.empty()) return std::nullopt;
      return FieldFault{
          .in_value = true,
          .what = fmt::format("\"{}\" is not {}; {}", excerpt(value), wanted, consequence)};
    }
  }
  return explain ? unknown(words) : FieldFault{};
}

}  // namespace rollcall::readers
