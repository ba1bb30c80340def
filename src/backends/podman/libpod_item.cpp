#include "backends/podman/libpod_item.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "backends/docker_api/list_item.hpp"
#include "core/budgets.hpp"
#include "core/deduplicate.hpp"
#include "core/json/json_walk.hpp"
#include "core/masking.hpp"
#include "core/secrets/secrets.hpp"
#include "core/text/numbers.hpp"
#include "core/text/text.hpp"

namespace rollcall::podman {
namespace {

using json_walk::each_element;
using json_walk::each_field;
using simdjson::error_code;
using Value = simdjson::ondemand::value;

constexpr std::int64_t highest_port = 65535;

struct Range {
  std::string_view host_ip;
  std::int64_t container_port = 0;
  std::int64_t host_port = 0;
  std::int64_t size = 1;
  std::string_view protocol;
};

std::optional<Protocol> protocol_of(std::string_view word) {
  for (const Protocol protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
    if (word == to_string(protocol)) return protocol;
  }
  return std::nullopt;
}

bool fits(std::int64_t first, std::int64_t size) {
  return first > 0 && size > 0 && size <= highest_port && first <= highest_port - size + 1;
}

std::optional<PortMapping> exposed_port(std::string_view port, std::string_view protocol) {
  PortMapping exposed;
  exposed.container_port = whole_number<std::uint16_t>(port).value_or(0);
  const auto known = protocol_of(protocol.empty() ? "tcp" : protocol);
  if (exposed.container_port == 0 || !known) return std::nullopt;
  exposed.protocol = *known;
  return exposed;
}

// Reads one item. A field of the wrong type is a problem, broken JSON an error.
class ItemReader {
 public:
  explicit ItemReader(LibpodContainer& item) : item_(item) {}

  error_code operator()(std::string_view key, Value value) {
    if (key == "Id") return text(value, key, item_.id);
    if (key == "Pod") return text(value, key, item_.pod);
    if (key == "PodName") return text(value, key, item_.pod_name);
    if (key == "IsInfra") return note(key, "true or false", read_bool(value, item_.infra));
    if (key == "Networks") return networks(value);
    if (key == "Status") return health(value);
    if (key == "Ports") return ports(value);
    if (key == "ExposedPorts") return exposed(value);
    if (key == "Created") return created(value);
    if (key == "StartedAt") return started(value);
    return simdjson::SUCCESS;
  }

 private:
  error_code networks(Value value) {
    return note("Networks", "a list", each_element(value, [this](Value) {
                  item_.has_network = true;
                  return simdjson::SUCCESS;
                }));
  }

  // The state of the health check; empty if there is none.
  error_code health(Value value) {
    std::string word;
    const auto error = text(value, "Status", word);
    const auto health = docker_api::health_of(word);
    item_.health = health.value_or(Health::none);
    if (!health) item_.unknown_health = std::move(word);
    return error;
  }

  error_code ports(Value value) {
    return note("Ports", "a list",
                each_element(value, [this](Value child) { return range(child); }));
  }

  error_code range(Value value) {
    Range range;
    const auto error = each_field(value, [&](std::string_view key, Value child) {
      if (key == "host_ip") return note(key, "a text", read_text(child, range.host_ip));
      if (key == "protocol") return note(key, "a text", read_text(child, range.protocol));
      if (key == "container_port") return integer(child, key, range.container_port);
      if (key == "host_port") return integer(child, key, range.host_port);
      if (key == "range") return integer(child, key, range.size);
      return simdjson::SUCCESS;
    });
    if (error == simdjson::SUCCESS) add(range);
    return note("Ports", "a list of objects", error);
  }

  void add(const Range& range) {
    const auto protocol = protocol_of(range.protocol);
    if (!protocol || !fits(range.container_port, range.size) ||
        !fits(range.host_port, range.size)) {
      return problem("Ports", fmt::format("{} ports from {} to {}/{} are not ports of tcp, udp or "
                                          "sctp",
                                          range.size, range.host_port, range.container_port,
                                          quotation(range.protocol)));
    }
    for (std::int64_t at = 0; at < range.size; ++at) {
      if (item_.ports.size() == budget::instance_ports) {
        return problem("Ports", fmt::format("there are more than {}: the further ones are left out",
                                            budget::instance_ports));
      }
      PortMapping port;
      // libpod omits the wildcard address.
      port.host_ip = range.host_ip.empty() ? "0.0.0.0" : Masker().name(range.host_ip);
      port.host_port = static_cast<std::uint16_t>(range.host_port + at);
      port.container_port = static_cast<std::uint16_t>(range.container_port + at);
      port.protocol = *protocol;
      port.scope = PortScope::published;
      item_.ports.push_back(std::move(port));
    }
  }

  // {"53": ["udp"]}
  error_code exposed(Value value) {
    item_.tells_exposed = true;
    return note("ExposedPorts", "an object",
                each_field(value, [this](std::string_view port, Value protocols) {
                  return note("ExposedPorts", "an object of lists of texts",
                              each_element(protocols, [&](Value element) {
                                std::string_view protocol;
                                const auto error = read_text(element, protocol);
                                if (error == simdjson::SUCCESS) expose(port, protocol);
                                return error;
                              }));
                }));
  }

  void expose(std::string_view port, std::string_view protocol) {
    auto exposed = exposed_port(port, protocol);
    if (exposed) return item_.exposed.push_back(std::move(*exposed));
    problem("ExposedPorts", fmt::format("{}/{} is no port of tcp, udp or sctp", quotation(port),
                                        quotation(protocol)));
  }

  error_code created(Value value) {
    std::string when;
    const auto error = text(value, "Created", when);
    item_.created_at = parse_rfc3339(when);
    return error;
  }

  error_code started(Value value) {
    constexpr std::int64_t latest =
        std::chrono::floor<std::chrono::seconds>(Timestamp::max()).time_since_epoch().count();
    std::int64_t seconds = 0;
    const auto error = integer(value, "StartedAt", seconds);
    // A container that never ran has a start time in the year 1.
    if (seconds > 0 && seconds <= latest) {
      item_.started_at = std::chrono::sys_seconds(std::chrono::seconds(seconds));
    }
    return error;
  }

  error_code text(Value value, std::string_view where, std::string& out) {
    std::string_view view;
    const auto error = read_text(value, view);
    out = view;
    return note(where, "a text", error);
  }

  error_code integer(Value value, std::string_view where, std::int64_t& out) {
    return note(where, "a whole number", read_integer(value, out));
  }

  void problem(std::string_view where, std::string what) {
    item_.problems.push_back({.where = std::string(where), .what = std::move(what)});
  }

  error_code note(std::string_view where, std::string_view expected, error_code error) {
    if (error != simdjson::INCORRECT_TYPE) return error;
    problem(where, fmt::format("is not {}", expected));
    return simdjson::SUCCESS;
  }

  static error_code read_text(Value value, std::string_view& out) {
    return json_walk::read_text(value, out);
  }
  static error_code read_integer(Value value, std::int64_t& out) {
    return json_walk::read_integer(value, out);
  }
  static error_code read_bool(Value value, bool& out) { return json_walk::read_bool(value, out); }

  LibpodContainer& item_;
};

std::optional<NetworkUse> use_of(std::string_view mode) {
  constexpr std::string_view joins = "container:";
  if (mode.empty()) return std::nullopt;
  if (mode == "host") return NetworkUse{NetworkMode::host};
  if (mode == "none") return NetworkUse{NetworkMode::none};
  if (!mode.starts_with(joins)) return NetworkUse{};
  return NetworkUse{NetworkMode::joined, std::string(mode.substr(joins.size()))};
}

}  // namespace

struct LibpodDecoder::Parser {
  json_walk::ObjectReader reader;
};

LibpodDecoder::LibpodDecoder() : parser_(std::make_unique<Parser>()) {}

LibpodDecoder::~LibpodDecoder() = default;

std::optional<LibpodContainer> LibpodDecoder::decode(std::string_view item) {
  LibpodContainer container;
  const error_code error = parser_->reader.read(item, ItemReader(container));
  if (error || container.id.empty()) return std::nullopt;
  return container;
}

void merge(docker_api::DecodedContainer& container, LibpodContainer told) {
  Instance& instance = container.instance;
  container.pod = std::move(told.pod);
  container.infra = told.infra;
  if (instance.group.empty()) instance.group = Masker().name(told.pod_name);
  if (told.created_at) instance.created_at = told.created_at;
  std::ranges::move(told.problems, std::back_inserter(instance.problems));
  std::ranges::sort(instance.problems);
  if (!in_running_set(instance)) return;
  instance.started_at = told.started_at;
  if (instance.state == InstanceState::running) {
    instance.health = told.health;
    if (!told.unknown_health.empty()) {
      add_problem(instance, "Status",
                  fmt::format("\"{}\" is no known health", quotation(told.unknown_health)));
    }
  }
  sort_and_deduplicate(told.ports);
  instance.ports = std::move(told.ports);
  add_exposed(instance, std::move(told.exposed));
  instance.ports.shrink_to_fit();
}

void add_problem(Instance& instance, std::string_view where, std::string what) {
  instance.problems.push_back({.where = std::string(where), .what = std::move(what)});
  std::ranges::sort(instance.problems);
}

void add_exposed(Instance& instance, std::vector<PortMapping> exposed) {
  const bool has_networks =
      instance.network_mode == NetworkMode::own || instance.network_mode == NetworkMode::joined;
  if (exposed.empty() || !has_networks || !in_running_set(instance)) return;
  const auto key_of = [](const PortMapping& port) {
    return std::pair(port.container_port, port.protocol);
  };
  std::set<std::pair<std::uint16_t, Protocol>> told;
  for (const PortMapping& port : instance.ports) told.insert(key_of(port));
  for (PortMapping& port : exposed) {
    if (instance.ports.size() == budget::instance_ports) break;
    if (told.insert(key_of(port)).second) instance.ports.push_back(std::move(port));
  }
  std::ranges::sort(instance.ports);
}

std::optional<Inspected> read_inspect(std::string_view inspect) {
  const simdjson::padded_string json(inspect);
  json_walk::ObjectReader reader;
  std::string_view mode;
  Inspected told;
  const auto host_config = [&mode](std::string_view key, Value value) {
    return key == "NetworkMode" ? json_walk::read_text(value, mode) : simdjson::SUCCESS;
  };
  // {"53/udp": {}}
  const auto expose = [&told](std::string_view port, Value /*nothing*/) {
    const auto slash = port.find('/');
    auto exposed =
        exposed_port(port.substr(0, slash), slash == port.npos ? "" : port.substr(slash + 1));
    if (exposed && told.exposed.size() < budget::instance_ports) {
      told.exposed.push_back(std::move(*exposed));
    }
    return simdjson::SUCCESS;
  };
  const auto config = [&expose](std::string_view key, Value value) {
    return key == "ExposedPorts" ? json_walk::tolerate(each_field(value, expose))
                                 : simdjson::SUCCESS;
  };
  const auto error = reader.read(json, [&](std::string_view key, Value value) {
    if (key == "HostConfig") return json_walk::tolerate(each_field(value, host_config));
    return key == "Config" ? json_walk::tolerate(each_field(value, config)) : simdjson::SUCCESS;
  });
  if (error) return std::nullopt;
  told.use = use_of(mode);
  return told;
}

void use_network(docker_api::DecodedContainer& container, const NetworkUse& use) {
  container.instance.network_mode = use.mode;
  container.instance.network_owner = use.owner;
  if (use.mode != NetworkMode::own) container.awaits_address = false;
}

}  // namespace rollcall::podman
