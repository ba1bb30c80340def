// traefik.*: routers with their rules, services with their ports.
#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/labels/readers/readers.hpp"
#include "core/labels/readers/traefik_fields.hpp"
#include "core/labels/readers/traefik_matchers.hpp"
#include "core/labels/readers/traefik_rule.hpp"
#include "core/text/ascii.hpp"
#include "core/text/suggest.hpp"
#include "core/text/text.hpp"

namespace rollcall::readers {
namespace {

struct Router {
  std::string_view name;         ///< As it is first written.
  const Label* first = nullptr;  ///< The first label of it.
  const Label* rule = nullptr;
  const Label* syntax = nullptr;
  const Label* service = nullptr;
  bool tls = false;
  bool no_tls = false;  ///< Its own label disables TLS, which beats all other TLS labels.
};

struct Service {
  std::string_view name;  ///< As it is first written.
  std::string_view protocol;
  const Label* port_label = nullptr;
  std::uint16_t port = 0;
  const Label* scheme_label = nullptr;
  std::string scheme;
  const Label* url_label = nullptr;  ///< In the place of a port and a scheme.

  /// What is spoken there, said or not.
  [[nodiscard]] std::string_view spoken() const { return scheme.empty() ? protocol : scheme; }
};

/// "http", "tcp" or "udp", and a name in lower case: names that differ in their case alone are one,
/// names of different protocols are different.
struct Name {
  std::string_view protocol;
  std::string name;
  friend auto operator<=>(const Name&, const Name&) = default;
};

/// The services of one protocol, as far as a router without a choice needs them.
struct Candidates {
  std::size_t count = 0;
  const Service* first = nullptr;
  std::string told;  ///< "a, b, c and 7 more".
};

/// Whether the words from `first` on are these, in any case: Traefik's names are not
/// case-sensitive.
bool ends_with(const std::vector<std::string_view>& words, std::size_t first,
               std::initializer_list<std::string_view> expected) {
  return words.size() == first + expected.size() &&
         std::equal(expected.begin(), expected.end(),
                    words.begin() + static_cast<std::ptrdiff_t>(first),
                    [](std::string_view lower, std::string_view word) {
                      return equals_caseless(word, lower);
                    });
}

class Traefik {
 public:
  explicit Traefik(Draft& draft) : draft_(draft) {}

  void read(const Label& label) {
    const auto words = words_of_key(label.name);
    if (is_refused(words, label)) return;
    if (ends_with(words, 0, {"enable"})) return read_enable(label);
    if (ends_with(words, 0, {"docker", "network"}) || ends_with(words, 0, {"swarm", "network"})) {
      return read_network(label);
    }
    if (words.size() < 4) return;
    for (const std::string_view protocol : {"http", "tcp", "udp"}) {
      if (!equals_caseless(words[0], protocol)) continue;
      if (equals_caseless(words[1], "routers")) read_router(words, protocol, label);
      if (equals_caseless(words[1], "services")) read_service(words, protocol, label);
    }
  }

  void finish() {
    refuse_urls();
    find_candidates();
    for (const auto& [name, router] : routers_) {
      if (draft_.has_all_routes()) break;
      if (router.rule != nullptr) {
        add_routes(name.protocol, router);
      } else if (name.protocol == "tcp") {
        draft_.problem(*router.first, fmt::format("a TCP router needs a rule: write "
                                                  "traefik.tcp.routers.{}.rule=HostSNI(`*`)",
                                                  excerpt(router.name)));
      }
    }
    if (refused_by_.empty()) {
      put_health();
      put_target();
    }
  }

 private:
  /// Whether Traefik's decoder refuses the label; it then ignores all labels of the container.
  bool is_refused(const std::vector<std::string_view>& words, const Label& label) {
    constexpr std::string_view root = "traefik";
    const std::string_view written =
        label.key.substr(label.key.size() - label.name.size() - 1 - root.size(), root.size());
    auto fault = fault_of(words, label.value, !draft_.has_all_problems());
    if (!fault && written != root && is_decoded(words)) {
      fault = FieldFault{.what = fmt::format("\"{}\" must be in small letters: else Traefik passes "
                                             "over all of the container's labels",
                                             excerpt(written))};
    }
    if (!fault) return false;
    refuse(label);
    if (fault->in_value) {
      draft_.problem(label, 0, std::move(fault->what));
    } else {
      draft_.problem(label, std::move(fault->what));
    }
    return true;
  }

  void refuse(const Label& label) {
    if (refused_by_.empty()) refused_by_ = label.key;
  }

  /// A server with a URL may have no port and no scheme besides.
  void refuse_urls() {
    for (auto& [name, service] : services_) {
      const Label* url = service.url_label;
      if (url == nullptr) continue;
      const Label* other =
          service.port_label != nullptr ? service.port_label : service.scheme_label;
      if (other != nullptr) {
        refuse(*url);
        draft_.problem(*url, fmt::format("a server with a URL may have no port or scheme besides, "
                                         "and {} is one: Traefik passes over all of the "
                                         "container's labels",
                                         excerpt(other->key)));
        continue;
      }
      const auto server = draft_.understood(parse_server_url(url->value), *url, right::url);
      if (!server) continue;
      service.port = server->port;
      service.scheme = server->scheme;
      service.port_label = url;
      service.scheme_label = url;
    }
  }

  void read_enable(const Label& label) {
    const auto value = draft_.understood(parse_go_bool(label.value), label, right::boolean);
    if (!value) return;
    draft_.put_enable(*value, label, false);
    if (!*value) disabled_by_ = label.key;
  }

  void read_network(const Label& label) {
    if (auto name = draft_.understood(parse_network(label.value), label, right::network)) {
      draft_.put("target.network", draft_.metadata().target.make().network, std::move(*name),
                 label);
    }
  }

  void read_router(const std::vector<std::string_view>& words, std::string_view protocol,
                   const Label& label) {
    Router& router = routers_[{.protocol = protocol, .name = lower_case(words[2])}];
    if (router.name.empty()) router.name = words[2];
    if (router.first == nullptr) router.first = &label;
    if (ends_with(words, 3, {"rule"})) {
      router.rule = &label;
    } else if (ends_with(words, 3, {"rulesyntax"})) {
      router.syntax = &label;
    } else if (ends_with(words, 3, {"service"})) {
      router.service = &label;
    } else if (ends_with(words, 3, {"tls"})) {
      // Not a strict boolean: empty is true, and anything but "true" is false.
      router.tls = label.value.empty() || equals_caseless(label.value, "true");
      router.no_tls = !router.tls;
      if (router.no_tls && !equals_caseless(label.value, "false")) {
        draft_.malformed(label, 0, right::boolean);
      }
    } else if (equals_caseless(words[3], "tls")) {
      router.tls = true;
    }
  }

  void read_service(const std::vector<std::string_view>& words, std::string_view protocol,
                    const Label& label) {
    Service& service = services_[{.protocol = protocol, .name = lower_case(words[2])}];
    if (service.name.empty()) service.name = words[2];
    service.protocol = protocol;
    if (ends_with(words, 3, {"loadbalancer", "server", "port"})) {
      const auto port = draft_.understood(parse_port(label.value), label, right::port);
      if (!port) return;
      service.port_label = &label;
      service.port = *port;
    } else if (ends_with(words, 3, {"loadbalancer", "server", "scheme"})) {
      auto scheme = draft_.understood(parse_scheme(label.value), label, right::scheme);
      if (!scheme) return;
      service.scheme_label = &label;
      service.scheme = std::move(*scheme);
    } else if (protocol == "http" && ends_with(words, 3, {"loadbalancer", "server", "url"})) {
      service.url_label = &label;
    } else if (words.size() == 6 && equals_caseless(words[4], "healthcheck")) {
      health_.emplace_back(words[5], &label);
    }
  }

  void put_health() {
    for (const auto& [word, label] : health_) read_health(word, *label);
  }

  std::optional<std::chrono::milliseconds> parse_time(const Label& label) {
    return draft_.understood(parse_duration_or_seconds(label.value), label, right::duration);
  }

  void read_health(std::string_view word, const Label& label) {
    Rare<Metadata::HealthCheck>& health = draft_.metadata().health;
    if (equals_caseless(word, "path")) {
      auto path = draft_.understood(parse_path(label.value), label, right::path);
      if (path) draft_.put("health.path", health.make().path, std::move(*path), label);
    } else if (equals_caseless(word, "interval")) {
      const auto time = parse_time(label);
      if (time) draft_.put("health.interval", health.make().interval, *time, label);
    } else if (equals_caseless(word, "timeout")) {
      const auto time = parse_time(label);
      if (time) draft_.put("health.timeout", health.make().timeout, *time, label);
    }
  }

  void add_routes(std::string_view protocol, const Router& router) {
    const auto wrong = [&](const RuleError& error) {
      draft_.problem(*router.rule, error.offset, error.what);
    };
    const auto rule = parse_rule(router.rule->value);
    if (!rule) return wrong(rule.error());
    const std::string_view syntax =
        router.syntax == nullptr ? std::string_view() : router.syntax->value;
    const bool tcp = protocol == "tcp";
    if (const auto error =
            matcher_error(*rule, tcp ? RuleProtocol::tcp : RuleProtocol::http, syntax)) {
      return wrong(*error);
    }
    auto ways = ways_of(*rule);
    if (!ways) return wrong(ways.error());
    const bool tls = router.tls && !router.no_tls;
    if (tcp && !tls && needs_tls(*rule)) {
      return wrong({.offset = rule->offset,
                    .what = fmt::format("without TLS there is no name to ask for: write "
                                        "HostSNI(`*`), or traefik.tcp.routers.{}.tls=true",
                                        excerpt(router.name))});
    }
    const auto service = service_of(protocol, router);
    if (!service) return;
    for (RuleWay& way : *ways) {
      if (draft_.has_all_routes()) return;
      Route route{.name = std::string(router.name),
                  .hosts = std::move(way.hosts),
                  .paths = std::move(way.paths),
                  .port = *service == nullptr ? std::uint16_t{0} : (*service)->port,
                  .scheme = *service == nullptr ? std::string() : (*service)->scheme,
                  .tls = tls,
                  .narrowed = way.narrowed || way.whole,
                  .source = std::string(router.rule->key)};
      if (route.scheme.empty() && tcp) route.scheme = protocol;
      draft_.add_route(std::move(route), disabled_by_.empty() ? refused_by_ : disabled_by_);
    }
  }

  void find_candidates() {
    constexpr std::size_t most_told = 3;
    for (const auto& [name, service] : services_) {
      Candidates& those = candidates_[name.protocol];
      if (those.count == 0) those.first = &service;
      if (those.count < most_told) {
        those.told += fmt::format("{}{}", those.count == 0 ? "" : ", ", excerpt(service.name));
      }
      ++those.count;
    }
    for (auto& [protocol, those] : candidates_) {
      if (those.count <= most_told) continue;
      those.told += fmt::format(" and {} more", those.count - most_told);
    }
  }

  /// The service of a router, null if Traefik makes one of its own; nothing if the router leads to
  /// no service of this instance.
  std::optional<const Service*> service_of(std::string_view protocol, const Router& router) {
    const Candidates& those = candidates_[protocol];
    if (router.service != nullptr) return service_named(protocol, *router.service);
    if (those.count < 2) return those.first;
    draft_.problem(*router.rule, fmt::format("which of the services {} is it for? write "
                                             "traefik.{}.routers.{}.service",
                                             those.told, protocol, excerpt(router.name)));
    return std::nullopt;
  }

  /// "shop@docker" and "shop" are the same; "api@internal" is not of labels. References are
  /// case-sensitive, though keys are not.
  std::optional<const Service*> service_named(std::string_view protocol, const Label& label) {
    const std::string_view wanted = label.value;
    const std::size_t at = std::min(wanted.find('@'), wanted.size());
    const std::string_view provider = wanted.substr(at);
    if (!provider.empty() && provider != "@docker" && provider != "@swarm") return std::nullopt;
    const std::string_view name = wanted.substr(0, at);
    if (name.size() <= longest_label_key) {
      const auto found = services_.find({.protocol = protocol, .name = lower_case(name)});
      if (found != services_.end() && found->second.name == name) return &found->second;
    }
    draft_.problem(label, 0,
                   fmt::format("no label here defines the {} service \"{}\"{}", protocol,
                               excerpt(name, 64), nearest_service(protocol, name)));
    return std::nullopt;
  }

  std::string nearest_service(std::string_view protocol, std::string_view name) const {
    constexpr std::size_t most = 32;
    constexpr std::size_t longest = 64;
    if (name.size() > longest) return {};
    std::vector<std::string> names;
    for (auto at = services_.lower_bound({.protocol = protocol, .name = {}});
         at != services_.end() && at->first.protocol == protocol && names.size() < most; ++at) {
      if (at->second.name.size() <= longest) names.push_back(printable(at->second.name));
    }
    return suggestion(name, names);
  }

  void put_target() {
    put_port();
    const Rare<Metadata::Target>& target = draft_.metadata().target;
    const bool told = target && target->port;
    if (!told && std::ranges::any_of(services_, has_port)) return;
    put_scheme(told ? target->port->value : 0);
  }

  static bool has_port(const std::pair<const Name, Service>& entry) {
    return entry.second.port_label != nullptr;
  }

  /// If all services agree.
  void put_port() {
    const Service* found = nullptr;
    for (const auto& [name, service] : services_) {
      if (service.port_label == nullptr) continue;
      if (found == nullptr) found = &service;
      if (found->port != service.port) return;
    }
    if (found == nullptr) return;
    draft_.put("target.port", draft_.metadata().target.make().port, found->port,
               *found->port_label);
  }

  /// Puts the scheme of all services on this port, if a label gives one. For UDP the label of the
  /// port gives it.
  void put_scheme(std::uint16_t port) {
    const Service* found = nullptr;
    for (const auto& [name, service] : services_) {
      if (service.port != port) continue;
      if (found != nullptr && found->spoken() != service.spoken()) return;
      if (found == nullptr || found->scheme_label == nullptr) found = &service;
    }
    if (found == nullptr) return;
    const Label* says = found->scheme_label;
    if (says == nullptr && found->protocol == "udp") says = found->port_label;
    if (says == nullptr) return;
    draft_.put("target.scheme", draft_.metadata().target.make().scheme,
               std::string(found->spoken()), *says);
  }

  Draft& draft_;
  std::map<Name, Router> routers_;
  std::map<Name, Service> services_;
  std::map<std::string_view, Candidates> candidates_;              // by protocol
  std::vector<std::pair<std::string_view, const Label*>> health_;  // "path" and its label
  std::string_view disabled_by_;
  std::string_view refused_by_;  // the first label that makes Traefik refuse all
};

}  // namespace

void read_traefik(std::span<const Label> labels, Draft& draft) {
  Traefik reader(draft);
  for (const Label& label : labels) reader.read(label);
  reader.finish();
}

}  // namespace rollcall::readers
