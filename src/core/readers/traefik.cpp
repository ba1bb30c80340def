// traefik.*: routers with their rules, services with their ports.
#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/ascii.hpp"
#include "core/readers/readers.hpp"
#include "core/readers/traefik_rule.hpp"
#include "core/text.hpp"

namespace rollcall::readers {
namespace {

struct Router {
  std::string_view name;  ///< As it is first written.
  const Label* rule = nullptr;
  const Label* service = nullptr;
  bool tls = false;
  bool no_tls = false;  ///< It says so itself, which beats all that is said of its TLS.
};

struct Service {
  std::string_view name;  ///< As it is first written.
  std::string_view protocol;
  const Label* port_label = nullptr;
  std::uint16_t port = 0;
  const Label* scheme_label = nullptr;
  std::string scheme;

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

/// The words between the dots; more than any label has are left together in the last.
std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::size_t most = 8;
  std::vector<std::string_view> words;
  while (words.size() + 1 < most && text.contains('.')) {
    words.push_back(text.substr(0, text.find('.')));
    text.remove_prefix(words.back().size() + 1);
  }
  words.push_back(text);
  return words;
}

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
    const auto words = words_of(label.name);
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
    find_candidates();
    for (const auto& [name, router] : routers_) {
      if (draft_.has_all_routes()) break;
      if (router.rule != nullptr) add_routes(name.protocol, router);
    }
    put_target();
  }

 private:
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
    if (ends_with(words, 3, {"rule"})) {
      router.rule = &label;
    } else if (ends_with(words, 3, {"service"})) {
      router.service = &label;
    } else if (ends_with(words, 3, {"tls"})) {
      // No boolean: nothing at all is a yes, and all but a yes is a no.
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
    } else if (words.size() == 6 && equals_caseless(words[4], "healthcheck")) {
      read_health(words[5], label);
    }
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
    auto ways = ways_of(*rule);
    if (!ways) return wrong(ways.error());
    const auto service = service_of(protocol, router);
    if (!service) return;
    for (RuleWay& way : *ways) {
      if (draft_.has_all_routes()) return;
      Route route{.name = std::string(router.name),
                  .hosts = std::move(way.hosts),
                  .paths = std::move(way.paths),
                  .port = *service == nullptr ? std::uint16_t{0} : (*service)->port,
                  .scheme = *service == nullptr ? std::string() : (*service)->scheme,
                  .tls = router.tls && !router.no_tls,
                  .narrowed = way.narrowed || way.whole,
                  .source = std::string(router.rule->key)};
      if (route.scheme.empty() && protocol == "tcp") route.scheme = protocol;
      draft_.add_route(std::move(route), disabled_by_);
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

  /// The service behind a router, null if Traefik makes one of its own; nothing, if the router
  /// leads to none of this instance.
  std::optional<const Service*> service_of(std::string_view protocol, const Router& router) {
    const Candidates& those = candidates_[protocol];
    if (router.service != nullptr) return service_named(protocol, router.service->value);
    if (those.count < 2) return those.first;
    draft_.problem(*router.rule, fmt::format("which of the services {} is it for? write "
                                             "traefik.{}.routers.{}.service",
                                             those.told, protocol, excerpt(router.name)));
    return std::nullopt;
  }

  /// "shop@docker" and "shop" are the same; "api@internal" is nobody's here. References are
  /// case-sensitive, though keys are not.
  std::optional<const Service*> service_named(std::string_view protocol, std::string_view wanted) {
    const std::size_t at = std::min(wanted.find('@'), wanted.size());
    const std::string_view provider = wanted.substr(at);
    if (!provider.empty() && provider != "@docker" && provider != "@swarm") return std::nullopt;
    const std::string_view name = wanted.substr(0, at);
    if (name.size() > longest_label_key) return std::nullopt;
    const auto found = services_.find({.protocol = protocol, .name = lower_case(name)});
    if (found == services_.end() || found->second.name != name) return std::nullopt;
    return &found->second;
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

  /// What all services on this port speak, if a label says it: a scheme belongs to its port. That
  /// of UDP is said by the label of the port.
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
  std::map<std::string_view, Candidates> candidates_;  // by protocol
  std::string_view disabled_by_;
};

}  // namespace

void read_traefik(std::span<const Label> labels, Draft& draft) {
  Traefik reader(draft);
  for (const Label& label : labels) reader.read(label);
  reader.finish();
}

}  // namespace rollcall::readers
