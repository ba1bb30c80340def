#include "backends/incus/item.hpp"

#include <array>
#include <string>

#include <fmt/format.h>

#include "core/json/json_walk.hpp"
#include "core/secrets/secrets.hpp"

namespace rollcall::incus {
namespace {

using json_walk::each_field;
using json_walk::read_text;
using simdjson::error_code;
using Value = simdjson::ondemand::value;

struct TextField {
  std::string_view key;
  std::string_view Item::* into;
};

constexpr auto texts = std::to_array<TextField>({
    {"name", &Item::name},
    {"project", &Item::project},
    {"type", &Item::type},
    {"status", &Item::status},
    {"location", &Item::location},
    {"created_at", &Item::created_at},
    {"last_used_at", &Item::last_used_at},
});

struct DeviceField {
  std::string_view key;
  std::string_view Item::Device::* into;
};

constexpr auto device_texts = std::to_array<DeviceField>({
    {"type", &Item::Device::type},
    {"name", &Item::Device::name},
    {"network", &Item::Device::network},
    {"parent", &Item::Device::parent},
    {"hwaddr", &Item::Device::hwaddr},
    {"listen", &Item::Device::listen},
    {"connect", &Item::Device::connect},
    {"bind", &Item::Device::bind},
});

bool is_of_use(std::string_view setting) {
  return setting.starts_with("user.") || setting.starts_with("image.") ||
         (setting.starts_with("volatile.") &&
          (setting.ends_with(".hwaddr") || setting.ends_with(".name")));
}

}  // namespace

void Item::clear() {
  Item empty;
  empty.config = std::move(config);
  empty.devices = std::move(devices);
  empty.problems = std::move(problems);
  empty.config.clear();
  empty.devices.clear();
  empty.problems.clear();
  *this = std::move(empty);
}

error_code ItemReader::operator()(std::string_view key, Value value) {
  for (const TextField& field : texts) {
    if (field.key == key) return text(value, key, item_.*field.into);
  }
  if (key == "expanded_config") return config(value);
  if (key == "expanded_devices") return devices(value);
  return simdjson::SUCCESS;
}

error_code ItemReader::text(Value value, std::string_view where, std::string_view& out) {
  return note(where, "a text", read_text(value, out));
}

error_code ItemReader::config(Value value) {
  return note(
      "expanded_config", "an object", each_field(value, [this](std::string_view key, Value child) {
        if (!is_of_use(key)) return simdjson::SUCCESS;
        std::string_view setting;
        const auto error = read_text(child, setting);
        if (error == simdjson::SUCCESS) item_.config.emplace_back(key, setting);
        const bool wrong = error == simdjson::INCORRECT_TYPE;
        return note(wrong ? fmt::format("config.{}", quotation(key)) : "config", "a text", error);
      }));
}

error_code ItemReader::devices(Value value) {
  return note(
      "expanded_devices", "an object",
      each_field(value, [this](std::string_view key, Value child) { return device(key, child); }));
}

error_code ItemReader::device(std::string_view key, Value value) {
  Item::Device device{};
  device.key = key;
  const auto error = each_field(value, [&](std::string_view name, Value child) {
    for (const DeviceField& field : device_texts) {
      if (field.key == name) return text(child, "expanded_devices", device.*field.into);
    }
    return simdjson::SUCCESS;
  });
  if (error == simdjson::SUCCESS) item_.devices.push_back(device);
  return note("expanded_devices", "an object of objects", error);
}

/// Turns a wrong type into a problem; passes every other result on.
error_code ItemReader::note(std::string_view where, std::string_view expected, error_code error) {
  if (error != simdjson::INCORRECT_TYPE) return error;
  item_.problems.push_back(
      {.where = std::string(where), .what = fmt::format("is not {}", expected)});
  return simdjson::SUCCESS;
}

}  // namespace rollcall::incus
