// Which hosts and paths a rule can match.
#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/budgets.hpp"
#include "core/labels/readers/traefik_rule.hpp"
#include "core/labels/readers/values.hpp"
#include "core/text/text.hpp"

namespace rollcall::readers {
namespace {

using Ways = std::vector<RuleWay>;
using Outcome = std::expected<Ways, RuleError>;

enum class Meaning : std::uint8_t { host, path, path_prefix, narrowing, unknown };

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
      {"pathprefix", Meaning::path_prefix},
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

// The path that both allow; nothing, if there is none. A whole path allows itself alone.
std::optional<std::string> path_of_both(const std::string& a, bool whole_a, const std::string& b,
                                        bool whole_b) {
  if (whole_a && whole_b) return a == b ? std::optional(a) : std::nullopt;
  if (a.starts_with(b) && !whole_b) return a;
  if (b.starts_with(a) && !whole_a) return b;
  return std::nullopt;
}

// The paths that both allow; nothing, if there is none.
std::optional<std::vector<std::string>> paths_of_both(const RuleWay& a, const RuleWay& b) {
  if (a.paths.empty()) return b.paths;
  if (b.paths.empty()) return a.paths;
  std::vector<std::string> both;
  for (const std::string& one : a.paths) {
    for (const std::string& other : b.paths) {
      if (auto path = path_of_both(one, a.whole, other, b.whole)) add_once(both, std::move(*path));
    }
  }
  if (both.empty()) return std::nullopt;
  return both;
}

bool is_large(const RuleWay& way) {
  return way.hosts.size() > most_hosts || way.paths.size() > most_hosts;
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
      for (RuleWay& way : *ways) {
        if (!add(all, std::move(way))) return std::unexpected(too_many(rule));
      }
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
          if (!add_product(products, a, b)) return std::unexpected(too_many(rule));
        }
      }
      all = std::move(products);
    }
    return all;
  }

  // Adds the way in which both match, if there is one. False: that is too much.
  bool add_product(Ways& all, const RuleWay& a, const RuleWay& b) {
    work_ += a.hosts.size() * b.hosts.size() + a.paths.size() * b.paths.size();
    if (work_ > most_work) return false;
    auto hosts = hosts_of_both(a.hosts, b.hosts);
    auto paths = paths_of_both(a, b);
    if (!hosts || !paths) return true;
    return add(all, {.hosts = std::move(*hosts),
                     .paths = std::move(*paths),
                     .whole = a.whole || b.whole,
                     .narrowed = a.narrowed || b.narrowed});
  }

  // Ways that differ in their hosts alone, or in their paths alone, are one. False: that is too
  // much.
  bool add(Ways& all, RuleWay way) {
    work_ += all.size() + 1;
    const auto same = std::ranges::find_if(all, [&way](const RuleWay& known) {
      const bool alike = known.narrowed == way.narrowed && known.whole == way.whole &&
                         known.hosts.empty() == way.hosts.empty() &&
                         known.paths.empty() == way.paths.empty();
      return alike && (known.paths == way.paths || known.hosts == way.hosts);
    });
    if (same == all.end()) {
      all.push_back(std::move(way));
      return work_ <= most_work && all.size() <= most_ways && !is_large(all.back());
    }
    work_ += same->hosts.size() * way.hosts.size() + same->paths.size() * way.paths.size();
    for (std::string& host : way.hosts) add_once(same->hosts, std::move(host));
    for (std::string& path : way.paths) add_once(same->paths, std::move(path));
    return work_ <= most_work && !is_large(*same);
  }

  Outcome matcher(const Rule& rule, bool negated) {
    const Meaning meaning = meaning_of(rule.name);
    if (meaning == Meaning::unknown) {
      return wrong(rule.offset, fmt::format("Traefik has no matcher {}", excerpt(rule.name, 32)));
    }
    if (rule.arguments.empty()) {
      return wrong(rule.offset, fmt::format("{} needs a value", rule.name));
    }
    RuleWay way{.hosts = {},
                .paths = {},
                .whole = meaning == Meaning::path,
                .narrowed = meaning == Meaning::narrowing};
    bool anything = false;
    for (const Rule::Argument& argument : rule.arguments) {
      std::optional<RuleError> bad;
      if (meaning == Meaning::host) bad = add_host(argument, way, anything);
      if (meaning == Meaning::path || meaning == Meaning::path_prefix) {
        bad = add_path(argument, way);
      }
      if (bad) return std::unexpected(*bad);
      if (is_large(way)) return std::unexpected(too_many(rule));
    }
    if (negated) return Ways{RuleWay{.hosts = {}, .paths = {}, .narrowed = true}};
    if (anything) way.hosts.clear();
    return Ways{std::move(way)};
  }

  static std::optional<RuleError> add_host(const Rule::Argument& argument, RuleWay& way,
                                           bool& anything) {
    if (argument.text == "*") {
      anything = true;
      return std::nullopt;
    }
    // "**.example.org" stands for all names below it, which "*.example.org" stands for here.
    const std::string_view text = argument.text;
    auto host = parse_host(text.substr(text.starts_with("**.") ? 1 : 0));
    if (!host) {
      return RuleError{
          .offset = argument.offset + host.error(),
          .what = fmt::format("\"{}\" is not {}", excerpt(argument.text), right::host)};
    }
    add_once(way.hosts, std::move(*host));
    return std::nullopt;
  }

  // Rules hold paths as they are read, the roll as they are asked for.
  static std::string encoded(std::string_view path) {
    std::string out;
    for (const char c : path) {
      const bool visible = c > ' ' && c < '\x7f';
      out += visible ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
  }

  // What stands before a pattern of version 2, as in /shop/{id:[0-9]+}, is where the path begins.
  static std::optional<RuleError> add_path(const Rule::Argument& argument, RuleWay& way) {
    const std::string_view text = argument.text;
    const std::size_t pattern = std::min(text.find('{'), text.size());
    auto path = parse_path(encoded(text.substr(0, pattern)));
    if (!path) {
      return RuleError{.offset = argument.offset + path.error(),
                       .what = fmt::format("\"{}\" is not {}", excerpt(text), right::path)};
    }
    add_once(way.paths, std::move(*path));
    if (pattern < text.size()) {
      way.whole = false;
      way.narrowed = true;
    }
    return std::nullopt;
  }

  static Outcome wrong(std::size_t offset, std::string what) {
    return std::unexpected(RuleError{.offset = offset, .what = std::move(what)});
  }

  // Comparisons of texts. People's rules need some dozens.
  static constexpr std::size_t most_work = budget::rule_work;
  std::size_t work_ = 0;
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
