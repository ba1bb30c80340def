// traefik.*: routers with their rules, services with their ports.
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/readers/readers.hpp"
#include "core/readers/traefik_rule.hpp"
#include "core/text.hpp"

namespace rollcall::readers {
namespace {

struct Router {
  const Label* rule = nullptr;
  const Label* service = nullptr;
  bool tls = false;
};

struct Service {
  const Label* port_label = nullptr;
  std::uint16_t port = 0;
  const Label* scheme_label = nullptr;
  std::string scheme;
};

/// "http", "tcp" or "udp", and a name: names of different protocols are different.
struct Name {
  std::string_view protocol;
  std::string_view name;
  friend auto operator<=>(const Name&, const Name&) = default;
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
      const Name name{.protocol = protocol, .name = words[2]};
      if (equals_caseless(words[1], "routers")) read_router(words, name, label);
      if (equals_caseless(words[1], "services")) read_service(words, name, label);
    }
  }

  void finish() {
    for (const auto& [name, router] : routers_) {
      if (router.rule != nullptr) add_routes(name, router);
    }
    put_target();
  }

 private:
  void read_enable(const Label& label) {
    const auto value = draft_.understood(parse_bool(label.value), label, right::boolean);
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

  void read_router(const std::vector<std::string_view>& words, const Name& name,
                   const Label& label) {
    Router& router = routers_[name];
    if (ends_with(words, 3, {"rule"})) {
      router.rule = &label;
    } else if (ends_with(words, 3, {"service"})) {
      router.service = &label;
    } else if (ends_with(words, 3, {"tls"})) {
      const auto tls = draft_.understood(parse_bool(label.value), label, right::boolean);
      router.tls = router.tls || tls.value_or(false);
    } else if (equals_caseless(words[3], "tls")) {
      router.tls = true;
    }
  }

  void read_service(const std::vector<std::string_view>& words, const Name& name,
                    const Label& label) {
    Service& service = services_[name];
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

  void read_health(std::string_view word, const Label& label) {
    Rare<Metadata::HealthCheck>& health = draft_.metadata().health;
    if (equals_caseless(word, "path")) {
      auto path = draft_.understood(parse_path(label.value), label, right::path);
      if (path) draft_.put("health.path", health.make().path, std::move(*path), label);
    } else if (equals_caseless(word, "interval")) {
      const auto time = draft_.understood(parse_duration(label.value), label, right::duration);
      if (time) draft_.put("health.interval", health.make().interval, *time, label);
    } else if (equals_caseless(word, "timeout")) {
      const auto time = draft_.understood(parse_duration(label.value), label, right::duration);
      if (time) draft_.put("health.timeout", health.make().timeout, *time, label);
    }
  }

  void add_routes(const Name& name, const Router& router) {
    const auto wrong = [&](const RuleError& error) {
      draft_.problem(*router.rule, error.offset, error.what);
    };
    const auto rule = parse_rule(router.rule->value);
    if (!rule) return wrong(rule.error());
    auto ways = ways_of(*rule);
    if (!ways) return wrong(ways.error());
    const Service* service = service_of(name, router);
    for (RuleWay& way : *ways) {
      Route route{.name = std::string(name.name),
                  .hosts = std::move(way.hosts),
                  .paths = std::move(way.paths),
                  .port = service == nullptr ? std::uint16_t{0} : service->port,
                  .scheme = service == nullptr ? std::string() : service->scheme,
                  .tls = router.tls,
                  .narrowed = way.narrowed,
                  .source = std::string(router.rule->key)};
      if (route.scheme.empty() && name.protocol == "tcp") route.scheme = "tcp";
      if (disabled_by_.empty()) {
        draft_.add_route(std::move(route));
      } else {
        draft_.overridden("routes." + route.name, value_text(route), route.source, disabled_by_);
      }
    }
  }

  /// The service behind a router; null, if the labels do not tell it.
  const Service* service_of(const Name& router_name, const Router& router) {
    constexpr std::size_t most_told = 8;
    constexpr std::size_t longest_name = 64;
    std::string_view only;
    std::vector<std::string> candidates;
    auto next = services_.lower_bound({.protocol = router_name.protocol, .name = {}});
    for (; next != services_.end() && candidates.size() < most_told; ++next) {
      if (next->first.protocol != router_name.protocol) break;
      only = next->first.name;
      candidates.push_back(excerpt(only, longest_name));
    }
    std::string_view wanted;
    if (router.service != nullptr) {
      // "shop@docker" and "shop" are the same; "api@internal" is nobody's here.
      wanted = router.service->value;
      const std::size_t at = std::min(wanted.find('@'), wanted.size());
      if (at < wanted.size() && !wanted.substr(at).starts_with("@docker")) return nullptr;
      wanted = wanted.substr(0, at);
    } else if (candidates.size() == 1) {
      wanted = only;
    } else if (candidates.size() > 1) {
      draft_.problem(*router.rule,
                     fmt::format("which of the services {} is it for? write traefik.{}.routers.{}"
                                 ".service",
                                 fmt::join(candidates, ", "), router_name.protocol,
                                 excerpt(router_name.name, longest_name)));
      return nullptr;
    }
    const auto at = services_.find({.protocol = router_name.protocol, .name = wanted});
    return at == services_.end() ? nullptr : &at->second;
  }

  /// The port and the scheme, if all services agree.
  void put_target() {
    const Service* with_port = nullptr;
    const Service* with_scheme = nullptr;
    bool one_port = true;
    bool one_scheme = true;
    for (const auto& [name, service] : services_) {
      if (service.port_label != nullptr) {
        one_port = one_port && (with_port == nullptr || with_port->port == service.port);
        with_port = &service;
      }
      if (service.scheme_label != nullptr) {
        one_scheme =
            one_scheme && (with_scheme == nullptr || with_scheme->scheme == service.scheme);
        with_scheme = &service;
      }
    }
    auto& metadata = draft_.metadata();
    if (with_port != nullptr && one_port) {
      draft_.put("target.port", metadata.target.make().port, with_port->port,
                 *with_port->port_label);
    }
    if (with_scheme != nullptr && one_scheme) {
      draft_.put("target.scheme", metadata.target.make().scheme, with_scheme->scheme,
                 *with_scheme->scheme_label);
    }
  }

  Draft& draft_;
  std::map<Name, Router> routers_;
  std::map<Name, Service> services_;
  std::string_view disabled_by_;
};

}  // namespace

void read_traefik(std::span<const Label> labels, Draft& draft) {
  Traefik reader(draft);
  for (const Label& label : labels) reader.read(label);
  reader.finish();
}

}  // namespace rollcall::readers
