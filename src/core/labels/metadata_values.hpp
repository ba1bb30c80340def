// The values of metadata as text, each with its name and its source: for people.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/metadata.hpp>

namespace rollcall {

/// "true", "8080", "10s", "500ms", "a, b".
std::string value_text(bool value);
std::string value_text(std::uint16_t value);
std::string value_text(std::chrono::milliseconds value);
std::string value_text(const std::string& value);
std::string value_text(const std::vector<std::string>& value);

/// "a.example/api, b.example/api with TLS -> https 8080 (narrowed)"; "*" is any host. Shows at most
/// 64 hosts and paths together.
std::string value_text(const Route& route);

/// One value that was said.
struct MetadataValue {
  std::string field;  ///< As in JSON: "health.path", "txt.path", "ports.80.name", "routes.web".
  std::string text;
  std::string source;

  friend auto operator<=>(const MetadataValue&, const MetadataValue&) = default;
};

/// All that was said, in the order of JSON.
std::vector<MetadataValue> values_of(const Metadata& metadata);

}  // namespace rollcall
