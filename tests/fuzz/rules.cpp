// Fuzzes the parser of Traefik's rules.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/labels/readers/traefik_rule.hpp"
#include "core/labels/readers/values.hpp"
#include "holds.hpp"

// The name is libFuzzer's. NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall::readers;
  using rollcall::fuzz::holds;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto rule = parse_rule(text);
  if (!rule) {
    holds(rule.error().offset <= size && !rule.error().what.empty(), "an error points into it");
    return 0;
  }
  const auto ways = ways_of(*rule);
  if (!ways) {
    holds(ways.error().offset <= size && !ways.error().what.empty(), "an error points into it");
    return 0;
  }
  holds(!ways->empty() && ways->size() <= most_ways, "there are some ways, and not too many");
  for (const RuleWay& way : *ways) {
    holds(way.hosts.size() <= most_hosts && way.paths.size() <= most_hosts, "a way has a bound");
    for (const std::string& host : way.hosts) holds(parse_host(host) == host, "a host is one");
    for (const std::string& path : way.paths) holds(parse_path(path) == path, "a path is one");
  }
  return 0;
}
