// Which hosts and paths a rule can match.
#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/readers/traefik_rule.hpp"
#include "core/readers/values.hpp"
#include "core/text.hpp"

namespace rollcall::readers {
namespace {

using Ways = std::vector<RuleWay>;
using Outcome = std::expected<Ways, RuleError>;

enum class Meaning : std::uint8_t { host, path, narrowing, unknown };

Meaning meaning_of(std::string_view name) {
  struct Known {
    std::string_view name;
    Meaning meaning;
  };
  constexpr auto known = std::to_array<Known>({
      {"host", Meaning::host},
      {"hostheader", Meaning::host},
      {"hostsni", Meaning::host},
      {"path", Meaning::path},
      {"pathprefix", Meaning::path},
      {"alpn", Meaning::narrowing},
      {"clientip", Meaning::narrowing},
      {"header", Meaning::narrowing},
      {"headerregexp", Meaning::narrowing},
      {"headers", Meaning::narrowing},
      {"headersregexp", Meaning::narrowing},
      {"hostregexp", Meaning::narrowing},
      {"hostsniregexp", Meaning::narrowing},
      {"method", Meaning::narrowing},
      {"pathregexp", Meaning::narrowing},
      {"query", Meaning::narrowing},
      {"queryregexp", Meaning::narrowing},
  });
  const auto at =
      std::ranges::find_if(known, [name](const Known& k) { return equals_caseless(name, k.name); });
  return at == known.end() ? Meaning::unknown : at->meaning;
}

// The hosts that both allow; nothing, if there is none.
std::optional<std::vector<std::string>> hosts_of_both(const std::vector<std::string>& a,
                                                      const std::vector<std::string>& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  std::vector<std::string> both;
  std::ranges::copy_if(a, std::back_inserter(both), [&b](const std::string& host) {
    return std::ranges::find(b, host) != b.end();
  });
  if (both.empty()) return std::nullopt;
  return both;
}

// The paths that begin with one of each; nothing, if there is none.
std::optional<std::vector<std::string>> paths_of_both(const std::vector<std::string>& a,
                                                      const std::vector<std::string>& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  std::vector<std::string> both;
  for (const std::string& one : a) {
    for (const std::string& other : b) {
      const std::string& longer = one.size() >= other.size() ? one : other;
      const std::string& shorter = one.size() >= other.size() ? other : one;
      if (!longer.starts_with(shorter)) continue;
      if (std::ranges::find(both, longer) == both.end()) both.push_back(longer);
    }
  }
  if (both.empty()) return std::nullopt;
  return both;
}

bool exceeds_bounds(const Ways& ways) {
  const auto is_large = [](const RuleWay& way) {
    return way.hosts.size() > most_hosts || way.paths.size() > most_hosts;
  };
  return ways.size() > most_ways || std::ranges::any_of(ways, is_large);
}

RuleError too_many(const Rule& rule) {
  return {.offset = rule.offset,
          .what = fmt::format("this can match in more than {} ways, or more than {} hosts or "
                              "paths; write several routers",
                              most_ways, most_hosts)};
}

// Negations move inwards, so that what remains are alternatives.
class Finder {
 public:
  Outcome find(const Rule& rule, bool negated) {
    switch (rule.kind) {
      case Rule::Kind::matcher:
        return matcher(rule, negated);
      case Rule::Kind::negation:
        return find(rule.parts.front(), !negated);
      case Rule::Kind::all_of:
        return negated ? alternatives(rule, negated) : together(rule, negated);
      case Rule::Kind::any_of:
        return negated ? together(rule, negated) : alternatives(rule, negated);
    }
    return Ways{};
  }

 private:
  Outcome alternatives(const Rule& rule, bool negated) {
    Ways all;
    for (const Rule& part : rule.parts) {
      Outcome ways = find(part, negated);
      if (!ways) return ways;
      std::ranges::move(*ways, std::back_inserter(all));
      all = merged(std::move(all));
      if (exceeds_bounds(all)) return std::unexpected(too_many(rule));
    }
    return all;
  }

  Outcome together(const Rule& rule, bool negated) {
    Ways all{RuleWay{}};
    for (const Rule& part : rule.parts) {
      const Outcome ways = find(part, negated);
      if (!ways) return ways;
      Ways products;
      for (const RuleWay& a : all) {
        for (const RuleWay& b : *ways) {
          auto hosts = hosts_of_both(a.hosts, b.hosts);
          auto paths = paths_of_both(a.paths, b.paths);
          if (!hosts || !paths) continue;
          products.push_back({std::move(*hosts), std::move(*paths), a.narrowed || b.narrowed});
        }
      }
      all = merged(std::move(products));
      if (exceeds_bounds(all)) return std::unexpected(too_many(rule));
    }
    return all;
  }

  Outcome matcher(const Rule& rule, bool negated) {
    const Meaning meaning = meaning_of(rule.name);
    if (meaning == Meaning::unknown) {
      return wrong(rule.offset, fmt::format("Traefik has no matcher {}", excerpt(rule.name, 32)));
    }
    if (rule.arguments.empty()) {
      return wrong(rule.offset, fmt::format("{} needs a value", rule.name));
    }
    RuleWay way{.hosts = {}, .paths = {}, .narrowed = meaning == Meaning::narrowing || negated};
    bool anything = false;
    for (const Rule::Argument& argument : rule.arguments) {
      const auto bad = meaning == Meaning::host   ? add_host(argument, way, anything)
                       : meaning == Meaning::path ? add_path(argument, way)
                                                  : std::nullopt;
      if (bad) return std::unexpected(*bad);
    }
    if (negated) return Ways{RuleWay{.hosts = {}, .paths = {}, .narrowed = true}};
    if (anything) way.hosts.clear();
    Ways ways{std::move(way)};
    if (exceeds_bounds(ways)) return std::unexpected(too_many(rule));
    return ways;
  }

  static std::optional<RuleError> add_host(const Rule::Argument& argument, RuleWay& way,
                                           bool& anything) {
    if (argument.text == "*") {
      anything = true;
      return std::nullopt;
    }
    auto host = parse_host(argument.text);
    if (!host) {
      return RuleError{
          .offset = argument.offset + host.error(),
          .what = fmt::format("\"{}\" is not {}", excerpt(argument.text), right::host)};
    }
    add_once(way.hosts, std::move(*host));
    return std::nullopt;
  }

  // What stands before a pattern of version 2, as in /shop/{id:[0-9]+}, is where the path begins.
  static std::optional<RuleError> add_path(const Rule::Argument& argument, RuleWay& way) {
    const std::string_view text = argument.text;
    const std::size_t pattern = std::min(text.find('{'), text.size());
    auto path = parse_path(text.substr(0, pattern));
    if (!path) {
      return RuleError{.offset = argument.offset + path.error(),
                       .what = fmt::format("\"{}\" is not {}", excerpt(text), right::path)};
    }
    add_once(way.paths, std::move(*path));
    way.narrowed = way.narrowed || pattern < text.size();
    return std::nullopt;
  }

  static Outcome wrong(std::size_t offset, std::string what) {
    return std::unexpected(RuleError{.offset = offset, .what = std::move(what)});
  }

  // Ways that differ in their hosts alone, or in their paths alone, are one.
  static Ways merged(Ways ways) {
    Ways all;
    for (RuleWay& way : ways) {
      const auto same = std::ranges::find_if(all, [&way](const RuleWay& known) {
        const bool alike = known.narrowed == way.narrowed &&
                           known.hosts.empty() == way.hosts.empty() &&
                           known.paths.empty() == way.paths.empty();
        return alike && (known.paths == way.paths || known.hosts == way.hosts);
      });
      if (same == all.end()) {
        all.push_back(std::move(way));
        continue;
      }
      for (std::string& host : way.hosts) add_once(same->hosts, std::move(host));
      for (std::string& path : way.paths) add_once(same->paths, std::move(path));
    }
    return all;
  }
};

}  // namespace

std::expected<std::vector<RuleWay>, RuleError> ways_of(const Rule& rule) {
  auto ways = Finder().find(rule, false);
  if (ways && ways->empty()) {
    return std::unexpected(
        RuleError{.offset = rule.offset,
                  .what = "this can never match: its hosts or paths exclude each other"});
  }
  return ways;
}

}  // namespace rollcall::readers
