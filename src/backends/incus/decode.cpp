#include "backends/incus/decode.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "backends/incus/item.hpp"
#include "core/addresses.hpp"
#include "core/deduplicate.hpp"
#include "core/instance_lists.hpp"
#include "core/json/json_walk.hpp"
#include "core/secrets/secrets.hpp"
#include "core/text/text.hpp"

namespace rollcall::incus {
namespace {

using json_walk::each_element;
using json_walk::each_field;
using json_walk::take_text;
using json_walk::tolerate;
using simdjson::error_code;
using Value = simdjson::ondemand::value;

// How long after its start an instance may still get IPv6 addresses. Whether there will be any
// cannot be known.
constexpr auto young = std::chrono::seconds(4);

struct StateRow {
  std::string_view status;
  InstanceState state;
  std::string_view reason;
};

constexpr auto states = std::to_array<StateRow>({
    {"Running", InstanceState::running, ""},
    {"Ready", InstanceState::running, ""},
    {"Thawed", InstanceState::running, ""},
    {"Frozen", InstanceState::paused, ""},
    {"Freezing", InstanceState::paused, ""},
    {"Stopped", InstanceState::stopped, ""},
    {"Starting", InstanceState::stopped, "starting"},
    {"Stopping", InstanceState::stopped, "stopping"},
    {"Aborting", InstanceState::stopped, "aborting"},
    {"Error", InstanceState::unknown, "error"},
});

void set_state(Instance& instance, const Item& item) {
  const auto* row = std::ranges::find(states, item.status, &StateRow::status);
  if (row != states.end()) {
    instance.state = row->state;
    instance.reason = row->reason;
    return;
  }
  instance.state = InstanceState::unknown;
  add_problem(instance, "status",
              item.status.empty()
                  ? std::string("is missing")
                  : fmt::format("\"{}\" is no status that is known", quotation(item.status)));
}

void set_times(Instance& instance, const Item& item) {
  constexpr auto never = Timestamp{};  // and one that never ran was last used in 1970
  const auto created = parse_rfc3339(item.created_at);
  if (created && *created > never) instance.created_at = created;
  if (!in_running_set(instance)) return;
  const auto started = parse_rfc3339(item.last_used_at);
  if (!started || *started <= never) return;
  instance.started_at = started;
  instance.run = item.last_used_at;
}

// Keys that cloud-init reads: documents that may hold passwords.
bool is_of_cloud_init(std::string_view key) {
  constexpr std::array<std::string_view, 4> secrets = {"user.user-data", "user.vendor-data",
                                                       "user.meta-data", "user.network-config"};
  return std::ranges::find(secrets, key) != secrets.end();
}

void set_labels(Instance& instance, const Item& item, const Masker& masker) {
  std::vector<Labels::Entry> labels;
  for (const auto& entry : item.config) {
    if (entry.first.starts_with("user.") && !is_of_cloud_init(entry.first)) labels.push_back(entry);
  }
  masker.read_labels(labels, instance);
}

std::string_view setting(const Item& item, std::string_view key) {
  const auto at = std::ranges::find(item.config, key, &Labels::Entry::first);
  return at == item.config.end() ? std::string_view() : at->second;
}

std::string image_of(const Item& item) {
  const std::string_view description = setting(item, "image.description");
  if (!description.empty()) return std::string(description);
  std::string image(setting(item, "image.os"));
  const std::string_view release = setting(item, "image.release");
  if (!image.empty() && !release.empty()) image += ' ';
  image += release;
  return image;
}

Nic nic_of(const Item& item, const Item::Device& device) {
  const auto volatile_setting = [&](std::string_view name) {
    return std::string(setting(item, fmt::format("volatile.{}.{}", device.key, name)));
  };
  Nic nic{.device = std::string(device.key),
          .interface = std::string(device.name),
          .hwaddr = std::string(device.hwaddr),
          .network = std::string(device.network.empty() ? device.parent : device.network),
          .managed = !device.network.empty()};
  if (nic.interface.empty()) nic.interface = volatile_setting("name");
  if (nic.interface.empty()) nic.interface = nic.device;
  if (nic.hwaddr.empty()) nic.hwaddr = volatile_setting("hwaddr");
  return nic;
}

void set_devices(DecodedInstance& decoded, const Item& item) {
  Instance& instance = decoded.instance;
  for (const Item::Device& device : item.devices) {
    if (device.type == "nic") decoded.nics.push_back(nic_of(item, device));
    if (device.type != "proxy" || !in_running_set(instance)) continue;
    add_ports({.name = std::string(device.key),
               .listen = std::string(device.listen),
               .connect = std::string(device.connect),
               .bind = std::string(device.bind)},
              instance.ports, instance.problems);
  }
  std::ranges::sort(decoded.nics, {}, &Nic::device);
  if (decoded.nics.empty()) instance.network_mode = NetworkMode::none;
}

DecodedInstance interpret(const Item& item, const Masker& masker) {
  DecodedInstance decoded;
  Instance& instance = decoded.instance;
  instance.problems = item.problems;
  instance.name = item.name;
  instance.group = item.project.empty() ? "default" : item.project;
  instance.key.id = id_of(instance.group, instance.name);
  const bool vm = item.type == "virtual-machine";
  instance.kind = vm ? InstanceKind::vm : InstanceKind::container;
  set_state(instance, item);
  set_times(instance, item);
  instance.image = image_of(item);
  if (item.location != "none") instance.node = item.location;
  set_labels(instance, item, masker);
  set_devices(decoded, item);
  std::ranges::sort(instance.ports);
  std::ranges::sort(instance.problems);
  return decoded;
}

DecodedInstance undecodable(const Item& item, error_code error) {
  DecodedInstance decoded;
  decoded.instance.name = item.name;
  decoded.instance.group = item.project.empty() ? "default" : item.project;
  decoded.instance.key.id = id_of(decoded.instance.group, item.name);
  add_problem(
      decoded.instance, "instance",
      fmt::format("the engine's answer is not valid JSON: {}", simdjson::error_message(error)));
  return decoded;
}

bool is_plain(std::string_view name) {
  return std::ranges::all_of(name, [](char c) { return c > ' ' && c <= '~' && c != '/'; });
}

error_code read_address(Value value, InterfaceAddress& into) {
  return tolerate(each_field(value, [&into](std::string_view key, Value child) {
    std::string_view found;
    if (key != "address" && key != "scope") return simdjson::SUCCESS;
    const auto error = take_text(child, found);
    (key == "scope" ? into.scope : into.address) = found;
    return error;
  }));
}

error_code read_interface(std::string_view name, Value value, std::vector<InterfaceAddress>& into) {
  const std::size_t first = into.size();
  std::string_view hwaddr;
  const auto error = tolerate(each_field(value, [&](std::string_view key, Value child) {
    if (key == "hwaddr") return take_text(child, hwaddr);
    if (key != "addresses") return simdjson::SUCCESS;
    return tolerate(each_element(child, [&](Value element) {
      InterfaceAddress address{
          .interface = std::string(name), .hwaddr = {}, .address = {}, .scope = {}};
      const auto bad = read_address(element, address);
      into.push_back(std::move(address));
      return bad;
    }));
  }));
  for (std::size_t at = first; at < into.size(); ++at) into[at].hwaddr = hwaddr;
  return error;
}

struct Forward {
  std::string_view listen_address;
  std::vector<ForwardRow> rows;
};

error_code read_row(Value value, std::vector<ForwardRow>& rows) {
  ForwardRow row{.protocol = {}, .listen_port = {}, .target_port = {}, .target_address = {}};
  const auto error = tolerate(each_field(value, [&row](std::string_view key, Value child) {
    if (key == "protocol") return take_text(child, row.protocol);
    if (key == "listen_port") return take_text(child, row.listen_port);
    if (key == "target_port") return take_text(child, row.target_port);
    if (key == "target_address") return take_text(child, row.target_address);
    return simdjson::SUCCESS;
  }));
  rows.push_back(row);
  return error;
}

const Nic* nic_of(const std::vector<Nic>& nics, const InterfaceAddress& address) {
  // Inside a virtual machine, the guest names the interfaces.
  auto at = std::ranges::find_if(
      nics, [&](const Nic& nic) { return !nic.hwaddr.empty() && nic.hwaddr == address.hwaddr; });
  if (at == nics.end()) at = std::ranges::find(nics, address.interface, &Nic::interface);
  return at == nics.end() ? nullptr : &*at;
}

}  // namespace

std::string id_of(std::string_view project, std::string_view name) {
  return fmt::format("{}/{}", project, name);
}

struct Decoder::Parser {
  json_walk::ObjectReader reader;
  Item item;
};

Decoder::Decoder(std::string backend, std::string endpoint, Masker masker)
    : parser_(std::make_unique<Parser>()),
      backend_(std::move(backend)),
      endpoint_(std::move(endpoint)),
      masker_(masker) {}

Decoder::~Decoder() = default;

Result<DecodedInstance> Decoder::instance(std::string_view text, Timestamp discovered_at) {
  Item& item = parser_->item;
  item.clear();
  const error_code error = parser_->reader.read(text, ItemReader(item));
  if (parser_->reader.repaired()) {
    item.problems.push_back(
        {.where = "instance",
         .what = "the engine's answer is not UTF-8: each bad byte was replaced by U+FFFD"});
  }
  if (error && item.name.empty()) item.name = json_walk::salvage_text(text, "name");
  if (error && item.project.empty()) item.project = json_walk::salvage_text(text, "project");
  if (item.name.empty() || !is_plain(item.name) || !is_plain(item.project)) {
    return fail({.kind = ErrorKind::protocol,
                 .endpoint = endpoint_,
                 .what = fmt::format("the engine lists an instance without a name: \"{}\"",
                                     quotation(text)),
                 .remedy = {}});
  }
  DecodedInstance decoded = error ? undecodable(item, error) : interpret(item, masker_);
  decoded.instance.key.backend = backend_;
  decoded.instance.key.endpoint = endpoint_;
  decoded.instance.discovered_at = discovered_at;
  return decoded;
}

DecodedInstance Decoder::untold(std::string_view project, std::string_view name, std::string why,
                                Timestamp discovered_at) const {
  DecodedInstance decoded;
  Instance& instance = decoded.instance;
  instance.key = {.backend = backend_, .endpoint = endpoint_, .id = id_of(project, name)};
  instance.name = name;
  instance.group = project;
  instance.discovered_at = discovered_at;
  add_problem(instance, "instance", std::move(why));
  return decoded;
}

Result<std::vector<InterfaceAddress>> Decoder::state(std::string_view item) {
  std::vector<InterfaceAddress> addresses;
  const auto error = parser_->reader.read(item, [&](std::string_view key, Value value) {
    if (key != "network") return simdjson::SUCCESS;
    return tolerate(each_field(value, [&](std::string_view name, Value child) {
      return read_interface(name, child, addresses);
    }));
  });
  if (error) return json_walk::not_an_object("the state", item, error);
  return addresses;
}

Result<std::vector<ForwardedPorts>> Decoder::forward(std::string_view item) {
  Forward forward;
  const auto error = parser_->reader.read(item, [&](std::string_view key, Value value) {
    if (key == "listen_address") return take_text(value, forward.listen_address);
    if (key != "ports") return simdjson::SUCCESS;
    return tolerate(each_element(value, [&](Value row) { return read_row(row, forward.rows); }));
  });
  if (error) return json_walk::not_an_object("the forward", item, error);
  std::vector<ForwardedPorts> ports;
  for (const ForwardRow& row : forward.rows) {
    ports.push_back(forwarded_by(row, forward.listen_address));
  }
  return ports;
}

bool add_addresses(DecodedInstance& decoded, const std::vector<InterfaceAddress>& addresses,
                   Timestamp now) {
  Instance& instance = decoded.instance;
  std::map<std::string, bool> has_ipv4;  // by device
  std::map<std::string, bool> has_ipv6;
  for (const InterfaceAddress& told : addresses) {
    auto address = canonical_address(told.address);
    if (!address || told.scope == "link" || told.scope == "local") continue;
    const Nic* const nic = nic_of(decoded.nics, told);
    address->network = nic != nullptr && !nic->network.empty() ? nic->network : told.interface;
    if (nic != nullptr) {
      (address->family == AddressFamily::ipv4 ? has_ipv4 : has_ipv6)[nic->device] = true;
    }
    instance.addresses.push_back(std::move(*address));
  }
  sort_and_deduplicate(instance.addresses);
  const bool may_get_more = instance.started_at && now - *instance.started_at < young;
  return std::ranges::all_of(decoded.nics, [&](const Nic& nic) {
    return has_ipv4.contains(nic.device) && (has_ipv6.contains(nic.device) || !may_get_more);
  });
}

void add_forwards(Instance& instance, std::string_view network,
                  const std::vector<ForwardedPorts>& forwards) {
  for (const ForwardedPorts& forward : forwards) {
    const bool ours = std::ranges::any_of(instance.addresses, [&](const Address& address) {
      return address.network == network && address.ip == forward.target;
    });
    if (ours) add_ports(forward, instance.ports, instance.problems);
  }
  std::ranges::sort(instance.problems);
  sort_and_deduplicate(instance.ports);
}

}  // namespace rollcall::incus
