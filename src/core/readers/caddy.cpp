// caddy, caddy_N and their directives, as caddy-docker-proxy reads them: sites, and the
// reverse_proxy directives that lead to the instance.
#include <algorithm>
#include <array>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/ascii.hpp"
#include "core/readers/readers.hpp"
#include "core/text.hpp"

namespace rollcall::readers {
namespace {

/// "0_reverse_proxy" and "reverse_proxy_1" are "reverse_proxy": numbers order and separate.
std::string_view without_numbers(std::string_view word) {
  const auto digits =
      static_cast<std::size_t>(std::ranges::find_if_not(word, is_digit) - word.begin());
  if (digits > 0 && digits < word.size() && word[digits] == '_') word.remove_prefix(digits + 1);
  const std::size_t line = word.rfind('_');
  if (line != std::string_view::npos && line + 1 < word.size() &&
      std::ranges::all_of(word.substr(line + 1), is_digit)) {
    word = word.substr(0, line);
  }
  return word;
}

/// A word of a directive, and where it stands.
struct Word {
  std::string_view text;
  std::size_t offset = 0;
};

struct WordError {
  std::size_t offset = 0;
  std::string_view what;
};

/// The words between spaces and commas; a template is one, and so is what is quoted.
std::expected<std::vector<Word>, WordError> words_of(std::string_view text) {
  constexpr std::size_t most = 256;
  constexpr std::string_view space = " \t\r\n,";
  std::vector<Word> words;
  for (std::size_t at = 0; at < text.size();) {
    if (space.contains(text[at])) {
      ++at;
      continue;
    }
    if (words.size() == most) {
      return std::unexpected(WordError{at, "a value may have 256 words"});
    }
    const std::size_t begin = at;
    while (at < text.size() && !space.contains(text[at])) {
      if (!text.substr(at).starts_with("{{")) {
        ++at;
        continue;
      }
      const std::size_t end = text.find("}}", at);
      if (end == std::string_view::npos) {
        return std::unexpected(WordError{at, "this template is not closed: write }}"});
      }
      at = end + 2;
    }
    words.push_back({.text = text.substr(begin, at - begin), .offset = begin});
  }
  return words;
}

/// What {{upstreams …}} says.
struct Upstreams {
  std::string scheme;
  std::uint16_t port = 0;
};

/// The labels with the addresses of a site, and with its directives, by name.
struct Site {
  const Label* addresses = nullptr;
  std::map<std::string_view, const Label*> directives;
};

/// What paths must be: how they begin, and whether more is asked of them.
struct Paths {
  std::string begin;
  bool narrowed = false;
};

/// The address of a site: "https://www.example.org:8443/shop".
struct Address {
  std::string host;
  Paths paths;
  bool tls = true;
};

class Caddy {
 public:
  explicit Caddy(Draft& draft) : draft_(draft) {}

  void read(const Label& label) {
    if (label.name == "_ingress_network") return read_network(label);
    const std::size_t dot = std::min(label.name.find('.'), label.name.size());
    const std::string_view number = label.name.substr(0, dot);
    const bool numbered = number.starts_with('_') && number.size() > 1 &&
                          std::ranges::all_of(number.substr(1), is_digit);
    if (!number.empty() && !numbered) return;  // another option of the proxy
    Site& site = sites_[number];
    if (dot == label.name.size()) {
      site.addresses = &label;
    } else {
      site.directives.try_emplace(label.name, &label);
    }
  }

  void finish() {
    for (const auto& [number, site] : sites_) {
      // Without an address these are options of the server; in parentheses it is a snippet.
      if (site.addresses == nullptr || trimmed(site.addresses->value).starts_with('(')) continue;
      if (trimmed(site.addresses->value).empty()) continue;
      read_site(fmt::format("caddy{}", number), site);
    }
    if (target_label_ != nullptr && one_port_) {
      draft_.put("target.port", draft_.metadata().target.make().port, port_, *target_label_);
    }
  }

 private:
  void read_network(const Label& label) {
    if (auto name = draft_.understood(parse_network(label.value), label, right::network)) {
      draft_.put("target.network", draft_.metadata().target.make().network, std::move(*name),
                 label);
    }
  }

  void read_site(const std::string& name, const Site& site) {
    const auto addresses = addresses_of(*site.addresses);
    for (const auto& [word, directive] : site.directives) {
      if (draft_.has_all_routes()) return;
      if (is_reverse_proxy(*directive)) add_routes(name, site, addresses, *directive);
    }
  }

  static bool is_reverse_proxy(const Label& label) {
    const std::size_t dot = label.name.rfind('.');
    return without_numbers(label.name.substr(dot + 1)) == "reverse_proxy";
  }

  std::vector<Address> addresses_of(const Label& label) {
    std::vector<Address> addresses;
    const auto words = words_of(label.value);
    if (!words) {
      draft_.problem(label, words.error().offset, std::string(words.error().what));
      return addresses;
    }
    for (const Word& word : *words) {
      if (auto address = address_of(word, label)) addresses.push_back(std::move(*address));
    }
    return addresses;
  }

  std::optional<Address> address_of(const Word& word, const Label& label) {
    if (word.text.contains("{{")) return std::nullopt;  // only the proxy can tell
    Address address;
    std::string_view rest = word.text;
    if (const std::size_t end = rest.find("://"); end != std::string_view::npos) {
      address.tls = !equals_caseless(rest.substr(0, end), "http");
      rest.remove_prefix(end + 3);
    }
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    // "/" alone is how people end an address, and no matcher.
    if (const auto path = rest.substr(slash); path != "/") address.paths = paths_of(path);
    std::string_view host = rest.substr(0, slash);
    if (const std::size_t colon = host.rfind(':'); colon != std::string_view::npos) {
      const std::size_t at = offset_in(label, host) + colon + 1;
      const auto port = parse_port(host.substr(colon + 1));
      if (!port) {
        draft_.problem(
            label, at + port.error(),
            fmt::format("\"{}\" is not {}", excerpt(host.substr(colon + 1)), right::port));
        return std::nullopt;
      }
      address.tls = address.tls && *port != 80;
      host = host.substr(0, colon);
    }
    if (host.empty()) return address;
    auto parsed = parse_host(host);
    if (!parsed) {
      draft_.problem(label, offset_in(label, host) + parsed.error(),
                     fmt::format("\"{}\" is not {}", excerpt(host), right::host));
      return std::nullopt;
    }
    address.host = std::move(*parsed);
    return address;
  }

  static std::size_t offset_in(const Label& label, std::string_view part) {
    return static_cast<std::size_t>(part.data() - label.value.data());
  }

  /// "/api/*" are all paths that begin with "/api/", "/api" is that one alone, "*" is any.
  static Paths paths_of(std::string_view matcher) {
    const std::size_t star = std::min(matcher.find('*'), matcher.size());
    Paths paths;
    paths.narrowed = star + 1 != matcher.size() && !matcher.empty();
    if (star == 0) return paths;
    const auto path = parse_path(matcher.substr(0, star));
    if (!path) {
      paths.narrowed = true;
    } else if (*path != "/") {
      paths.begin = *path;
    }
    return paths;
  }

  /// What both ask for. Of a path within another the outer one is told if they do not fit:
  /// handle_path takes away what it matches before the inner one is looked at.
  static void narrow(Paths& paths, const Paths& inner) {
    const bool fits = inner.begin.starts_with(paths.begin);
    paths.narrowed = paths.narrowed || inner.narrowed || (!fits && !inner.begin.empty());
    if (fits) paths.begin = inner.begin;
  }

  /// "/api/*", "*" or "@name".
  static void narrow_by(std::string_view word, Paths& paths) {
    if (word.starts_with('@')) paths.narrowed = true;
    if (word.starts_with('/')) narrow(paths, paths_of(word));
  }

  void add_routes(const std::string& name, const Site& site, const std::vector<Address>& addresses,
                  const Label& directive) {
    Route route{.name = name,
                .hosts = {},
                .paths = {},
                .port = 0,
                .scheme = {},
                .source = std::string(site.addresses->key)};
    const auto words = words_of(directive.value);
    if (!words) {
      return draft_.problem(directive, words.error().offset, std::string(words.error().what));
    }
    Paths paths = paths_around(directive, site);
    if (!words->empty()) narrow_by(words->front().text, paths);
    bool leads_here = false;
    if (!read_all_upstreams(*words, directive, route, leads_here)) return;
    for (const Label* to : further_upstreams(directive, site)) {
      const auto more = words_of(to->value);
      if (!more) return draft_.problem(*to, more.error().offset, std::string(more.error().what));
      if (!read_all_upstreams(*more, *to, route, leads_here)) return;
    }
    if (leads_here) add_for_each_kind(addresses, paths, route);
  }

  /// Its "to", "to_1" and so on.
  static std::vector<const Label*> further_upstreams(const Label& directive, const Site& site) {
    std::vector<const Label*> labels;
    const std::string folder = std::string(directive.name) + '.';
    for (auto at = site.directives.lower_bound(folder);
         at != site.directives.end() && at->first.starts_with(folder); ++at) {
      if (without_numbers(at->first.substr(folder.size())) == "to") labels.push_back(at->second);
    }
    return labels;
  }

  /// `leads_here`: an upstream is a template; others are somebody else.
  bool read_all_upstreams(const std::vector<Word>& words, const Label& label, Route& route,
                          bool& leads_here) {
    return std::ranges::all_of(words, [&](const Word& word) {
      leads_here = leads_here || word.text.contains("{{");
      return read_upstreams(word, label, route);
    });
  }

  /// One route for all hosts that are alike in the rest.
  void add_for_each_kind(const std::vector<Address>& addresses, const Paths& inner,
                         const Route& like) {
    std::vector<Route> routes;
    for (const Address& address : addresses) {
      Route route = like;
      route.tls = address.tls && !address.host.empty();
      Paths paths = address.paths;
      narrow(paths, inner);
      route.narrowed = paths.narrowed;
      if (!paths.begin.empty()) route.paths.push_back(paths.begin);
      const auto same = std::ranges::find_if(routes, [&](const Route& known) {
        return known.tls == route.tls && known.paths == route.paths &&
               known.narrowed == route.narrowed && known.hosts.empty() == address.host.empty();
      });
      if (same == routes.end()) {
        if (!address.host.empty()) route.hosts.push_back(address.host);
        routes.push_back(std::move(route));
      } else if (!address.host.empty()) {
        add_once(same->hosts, address.host);
      }
    }
    for (Route& route : routes) draft_.add_route(std::move(route));
  }

  /// Those of the handle_path and handle directives that a directive lies in, the outermost first:
  /// the values of the labels that its own begins with.
  static Paths paths_around(const Label& directive, const Site& site) {
    constexpr std::size_t deepest = 32;
    Paths paths;
    std::size_t dot = directive.name.find('.');
    for (std::size_t depth = 0; dot != std::string_view::npos; ++depth) {
      if (depth == deepest) {
        paths.narrowed = true;
        break;
      }
      const auto outer = site.directives.find(directive.name.substr(0, dot));
      if (outer != site.directives.end()) narrow_by(trimmed(outer->second->value), paths);
      dot = directive.name.find('.', dot + 1);
    }
    return paths;
  }

  /// "{{upstreams}}", "{{upstreams 8080}}", "{{upstreams https 8443}}", "h2c://{{upstreams 80}}".
  bool read_upstreams(const Word& word, const Label& label, Route& route) {
    const std::size_t open = word.text.find("{{");
    if (open == std::string_view::npos) return true;
    const std::string_view before = word.text.substr(0, open);
    if (before.ends_with("://")) route.scheme = lower_case(before.substr(0, before.size() - 3));
    const std::string_view inside =
        word.text.substr(open + 2, word.text.find("}}", open) - open - 2);
    const auto arguments = words_of(inside);
    if (!arguments) {
      const std::size_t offset = word.offset + open + 2 + arguments.error().offset;
      draft_.problem(label, offset, std::string(arguments.error().what));
      return false;
    }
    if (arguments->empty() || arguments->front().text != "upstreams") return true;
    for (std::size_t i = 1; i < arguments->size(); ++i) {
      const Word& argument = (*arguments)[i];
      const std::size_t offset = word.offset + open + 2 + argument.offset;
      if (i == 1 && !is_digit(argument.text.front())) {
        auto scheme = parse_scheme(argument.text);
        if (!scheme) return wrong(label, offset + scheme.error(), argument.text, right::scheme);
        route.scheme = std::move(*scheme);
        continue;
      }
      const auto port = parse_port(argument.text);
      if (!port || i + 1 < arguments->size()) {
        const std::size_t bad = port ? 0 : port.error();
        return wrong(label, offset + bad, argument.text,
                     "the last word of a template: write {{upstreams}}, {{upstreams 8080}} or "
                     "{{upstreams https 8443}}");
      }
      route.port = *port;
      note_port(*port, label);
    }
    return true;
  }

  bool wrong(const Label& label, std::size_t offset, std::string_view what,
             std::string_view right) {
    draft_.problem(label, offset, fmt::format("\"{}\" is not {}", excerpt(what), right));
    return false;
  }

  void note_port(std::uint16_t port, const Label& label) {
    one_port_ = one_port_ && (target_label_ == nullptr || port_ == port);
    if (target_label_ == nullptr) target_label_ = &label;
    port_ = port;
  }

  Draft& draft_;
  std::map<std::string_view, Site> sites_;
  const Label* target_label_ = nullptr;
  std::uint16_t port_ = 0;
  bool one_port_ = true;
};

}  // namespace

void read_caddy(std::span<const Label> labels, Draft& draft) {
  Caddy reader(draft);
  for (const Label& label : labels) reader.read(label);
  reader.finish();
}

}  // namespace rollcall::readers
