// caddy, caddy_N and their directives, as caddy-docker-proxy reads them: sites, and the
// reverse_proxy directives that lead to the instance.
#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/budgets.hpp"
#include "core/labels/readers/caddy_words.hpp"
#include "core/labels/readers/readers.hpp"
#include "core/text/ascii.hpp"
#include "core/text/text.hpp"

namespace rollcall::readers {
namespace {

/// The labels with the addresses of a site, and with its directives, by name.
struct Site {
  const Label* addresses = nullptr;
  std::map<std::string_view, const Label*> directives;
};

/// Where a directive stands.
struct Place {
  std::string name;
  std::string_view source;  ///< The label with the addresses.
  std::span<const CaddyAddress> addresses;
  CaddyPaths around;                   ///< What the place of a snippet asks for.
  std::vector<CaddyWord> arguments{};  ///< Of a snippet: its name, and what it is imported with.
  std::size_t depth = 0;               ///< Of snippets within each other.
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
    for (const auto& [number, site] : sites_) find_snippet(site);
    for (const auto& [number, site] : sites_) {
      if (has_addresses(site)) {
        read_site(fmt::format("caddy{}", number), site);
      } else if (site.addresses == nullptr || trimmed(site.addresses->value).empty()) {
        tell_lost_upstreams(number, site);
      }
    }
    if (target_label_ != nullptr && one_port_) {
      draft_.put("target.port", draft_.metadata().target.make().port, port_, *target_label_);
    }
  }

 private:
  using Words = std::vector<CaddyWord>;

  /// Without an address these are options of the server; "(name)" is a snippet, "&(name)" a route
  /// that others invoke.
  static bool has_addresses(const Site& site) {
    if (site.addresses == nullptr) return false;
    const std::string_view text = trimmed(site.addresses->value);
    return !text.empty() && !text.starts_with('(') && !text.starts_with("&(");
  }

  /// Options of the server proxy nothing.
  void tell_lost_upstreams(std::string_view number, const Site& site) {
    for (const auto& [word, directive] : site.directives) {
      if (!is_caddy_proxy(word) || !directive->value.contains("{{")) continue;
      return draft_.problem(*directive, fmt::format("it belongs to no site: write its address as "
                                                    "the label caddy{}",
                                                    number));
    }
  }

  void find_snippet(const Site& site) {
    if (site.addresses == nullptr) return;
    const std::string_view text = trimmed(site.addresses->value);
    if (text.starts_with('(') && text.ends_with(')')) {
      snippets_.try_emplace(text.substr(1, text.size() - 2), &site);
    }
  }

  void read_network(const Label& label) {
    if (auto name = draft_.understood(parse_network(label.value), label, right::network)) {
      draft_.put("target.network", draft_.metadata().target.make().network, std::move(*name),
                 label);
    }
  }

  /// The words of a label; nothing and a problem, if it cannot be understood.
  std::optional<CaddyWords> words_of(const Label& label) {
    auto words = caddy_words(label.value);
    if (words) return std::move(*words);
    draft_.problem(label, words.error().offset, std::move(words.error().what));
    return std::nullopt;
  }

  void read_site(const std::string& name, const Site& site) {
    const std::vector<CaddyAddress> addresses = addresses_of(*site.addresses);
    const Place place{
        .name = name, .source = site.addresses->key, .addresses = addresses, .around = {}};
    read_all(place, site);
  }

  /// The directives of a site, or of a snippet in the place of a site.
  void read_all(const Place& place, const Site& site) {
    add_all_routes(place, site);
    for (const auto& [word, directive] : site.directives) {
      if (caddy_directive(word) == "import") import(place, site, *directive);
    }
  }

  /// A snippet of the same labels is read in the place where it is imported.
  void import(const Place& place, const Site& site, const Label& label) {
    auto words = words_of(label);
    if (!words || words->words.empty()) return;
    fill_in_arguments(words->words, place.arguments);
    const auto snippet = snippets_.find(words->words.front().text);
    if (snippet == snippets_.end()) return tell_unknown_snippet(words->words, label);
    if (imported_ > most_imported) return;
    if (place.depth == budget::directive_depth) {
      imported_ = most_imported + 1;  // one that imports itself would be met again and again
      return draft_.problem(label, fmt::format("snippets may lie {} deep within each other, and "
                                               "none in itself; this one and all further ones are "
                                               "left out",
                                               budget::directive_depth));
    }
    imported_ += snippet->second->directives.size() + 1;
    if (place.depth > 0) imported_ += words->words.size();  // copies of what the outer ones got
    if (imported_ > most_imported) {
      return draft_.problem(label, fmt::format("an instance may import {} directives of snippets; "
                                               "this snippet and all further ones are left out",
                                               most_imported));
    }
    Place inside = place;
    narrow(inside.around, paths_around(label, site));
    inside.arguments = std::move(words->words);
    ++inside.depth;
    read_all(inside, *snippet->second);
  }

  void add_all_routes(const Place& place, const Site& site) {
    for (const auto& [word, directive] : site.directives) {
      if (draft_.has_all_routes()) return;
      if (is_caddy_proxy(word)) add_routes(place, site, *directive);
    }
  }

  void tell_unknown_snippet(const std::vector<CaddyWord>& words, const Label& label) {
    for (const CaddyWord& word : words) {
      if (word.templates.empty()) continue;
      return draft_.problem(
          label, word.templates.front().offset,
          fmt::format("no label here defines the snippet \"{}\", so that it is "
                      "not told what it does with {}",
                      excerpt(words.front().text), excerpt(word.templates.front().text)));
    }
  }

  std::vector<CaddyAddress> addresses_of(const Label& label) {
    std::vector<CaddyAddress> addresses;
    auto words = words_of(label);
    if (!words) return addresses;
    note_condition(*words, label);
    for (std::size_t i = 0; i < words->words.size(); ++i) {
      CaddyWord& word = words->words[i];
      if (word.text.ends_with(',')) {
        word.text.pop_back();
        if (i + 1 == words->words.size()) {
          draft_.problem(label, word.offset + word.text.size(),
                         "another address is expected behind this comma");
        }
      }
      auto address = caddy_address(word);
      if (address) {
        addresses.push_back(std::move(*address));
      } else {
        draft_.problem(label, address.error().offset, std::move(address.error().what));
      }
    }
    return addresses;
  }

  bool note_condition(const CaddyWords& words, const Label& label) {
    if (words.condition.empty()) return false;
    draft_.problem(label, words.condition_offset,
                   fmt::format("the proxy alone knows what {} chooses: what is told is all that it "
                               "may choose",
                               excerpt(words.condition)));
    return true;
  }

  void add_routes(const Place& place, const Site& site, const Label& directive) {
    auto words = words_of(directive);
    if (!words) return;
    fill_in_arguments(words->words, place.arguments);
    Route route{.name = place.name,
                .hosts = {},
                .paths = {},
                .port = 0,
                .scheme = {},
                .source = std::string(place.source)};
    CaddyPaths paths = place.around;
    narrow(paths, paths_around(directive, site));
    std::span<const CaddyWord> upstreams = words->words;
    if (!upstreams.empty() && is_caddy_matcher(upstreams.front())) {
      for (const CaddyTemplate& one : upstreams.front().templates) {
        if (!one.upstreams) continue;
        return draft_.problem(directive, one.offset,
                              fmt::format("{} is part of a path here: write a blank before it, and "
                                          "no hyphen in it",
                                          excerpt(one.text)));
      }
      narrow_by(upstreams.front().text, paths);
      upstreams = upstreams.subspan(1);
    }
    bool leads_here = false;
    upstream_scheme_.clear();
    fastcgi_ = is_caddy_fastcgi(directive.name);
    if (!read_all_upstreams(upstreams, directive, route, leads_here)) return;
    bool chosen = leads_here && note_condition(*words, directive);
    for (const Label* to : further_upstreams(directive, site)) {
      auto more = words_of(*to);
      if (more) fill_in_arguments(more->words, place.arguments);
      if (!more || !read_all_upstreams(more->words, *to, route, leads_here)) return;
      chosen = (leads_here && note_condition(*more, *to)) || chosen;
    }
    // php_fastcgi does not ask PHP for files that exist.
    paths.narrowed = paths.narrowed || chosen || fastcgi_;
    if (leads_here) add_for_each_kind(place.addresses, paths, route);
  }

  /// Its "to", "to_1" and so on.
  static std::vector<const Label*> further_upstreams(const Label& directive, const Site& site) {
    std::vector<const Label*> labels;
    const std::string folder = std::string(directive.name) + '.';
    for (auto at = site.directives.lower_bound(folder);
         at != site.directives.end() && at->first.starts_with(folder); ++at) {
      if (caddy_directive(at->first.substr(folder.size())) == "to") labels.push_back(at->second);
    }
    return labels;
  }

  /// `leads_here`: an upstream is a template; other upstreams are other servers.
  bool read_all_upstreams(std::span<const CaddyWord> words, const Label& label, Route& route,
                          bool& leads_here) {
    return std::ranges::all_of(words, [&](const CaddyWord& word) {
      leads_here = leads_here || !word.templates.empty();
      return is_of_same_scheme(word, label) &&
             (word.templates.empty() || read_upstreams(word, label, route));
    });
  }

  /// After an upstream with a scheme Caddy accepts only upstreams with the same one.
  bool is_of_same_scheme(const CaddyWord& word, const Label& label) {
    const std::size_t end = word.text.find("://");
    std::string scheme = lower_case(std::string_view(word.text).substr(0, end));
    if (end == std::string::npos) {
      scheme = word.templates.empty() ? std::string() : word.templates.front().scheme;
    }
    if (!upstream_scheme_.empty() && scheme != upstream_scheme_) {
      draft_.problem(label, word.offset,
                     fmt::format("all upstreams of a directive must have the scheme of the first, "
                                 "{}",
                                 excerpt(upstream_scheme_)));
      return false;
    }
    upstream_scheme_ = std::move(scheme);
    return true;
  }

  /// One route for all hosts that are alike in the rest.
  void add_for_each_kind(std::span<const CaddyAddress> addresses, const CaddyPaths& inner,
                         const Route& like) {
    std::vector<Route> routes;
    for (const CaddyAddress& address : addresses) {
      Route route = like;
      route.tls = address.tls && !address.host.empty();
      CaddyPaths paths = address.paths;
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
  static CaddyPaths paths_around(const Label& directive, const Site& site) {
    constexpr std::size_t deepest = budget::directive_depth;
    CaddyPaths paths;
    std::size_t dot = directive.name.find('.');
    for (std::size_t depth = 0; dot != std::string_view::npos; ++depth) {
      if (depth == deepest) {
        paths.narrowed = true;
        break;
      }
      const auto outer = site.directives.find(directive.name.substr(0, dot));
      if (outer != site.directives.end()) narrow_by_value(outer->second->value, paths);
      dot = directive.name.find('.', dot + 1);
    }
    return paths;
  }

  /// "{{upstreams}}", "{{upstreams 8080}}", "h2c://{{upstreams}}:80", "{{.Spec.Name}}:5000".
  bool read_upstreams(const CaddyWord& word, const Label& label, Route& route) {
    const std::string_view text = word.text;
    const CaddyTemplate& one = word.templates.front();
    const std::size_t at = text.find(CaddyWord::filled_in);
    const std::string_view before = text.substr(0, at);
    const std::string_view behind = text.substr(at + 1);
    const auto wrong = [&](std::string_view what) {
      draft_.problem(
          label, one.offset,
          fmt::format("{} is part of no upstream that Caddy takes: {}", excerpt(one.text), what));
      return false;
    };
    std::string scheme = one.scheme;
    std::uint16_t port = one.port;
    if (before.ends_with("://")) {
      if (!scheme.empty()) return wrong("it has two schemes");
      scheme = lower_case(before.substr(0, before.size() - 3));
    } else if (!before.empty() && one.upstreams) {
      return wrong("what stands before it is no scheme");
    }
    if (behind.starts_with(':')) {
      const auto parsed = parse_port(behind.substr(1));
      if (port != 0 || !parsed) return wrong("what follows it is no port");
      port = *parsed;
    } else if (!behind.empty() && behind.front() != CaddyWord::filled_in) {
      return wrong("write a port behind it, or nothing");
    }
    const bool of_tls = scheme == "https";
    if ((of_tls && port == 80) || ((scheme == "http" || scheme == "h2c") && port == 443)) {
      return wrong(fmt::format("port {} is not that of {}", port, scheme));
    }
    if (fastcgi_) scheme = "fastcgi";
    if (!scheme.empty()) route.scheme = std::move(scheme);
    if (port == 0) return true;
    route.port = port;
    if (!fastcgi_) note_port(port, label);  // what it speaks is for proxies alone
    return true;
  }

  void note_port(std::uint16_t port, const Label& label) {
    one_port_ = one_port_ && (target_label_ == nullptr || port_ == port);
    if (target_label_ == nullptr) target_label_ = &label;
    port_ = port;
  }

  static constexpr std::size_t most_imported = budget::directive_imports;

  Draft& draft_;
  std::map<std::string_view, Site> sites_;
  std::map<std::string_view, const Site*> snippets_;  // by name
  std::size_t imported_ = 0;
  std::string upstream_scheme_;  // of the upstream before, in the directive that is read
  bool fastcgi_ = false;         // whether that is php_fastcgi
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
