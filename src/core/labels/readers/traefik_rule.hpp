// Rules of Traefik's routers, versions 2 and 3. Pure, bounded, and safe for hostile text.
//
//     rule    = and *( "||" and )
//     and     = unary *( "&&" unary )
//     unary   = "!" unary | "(" rule ")" | matcher
//     matcher = name "(" [ text *( "," text ) [ "," ] ] ")"
//     text    = "`" anything "`" | a string of Go in double quotes
//
// A line may end after && || ! ( and a comma, and at the very end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "core/budgets.hpp"

namespace rollcall::readers {

/// A longer rule is refused.
inline constexpr std::size_t longest_rule = budget::rule_bytes;
/// Parentheses and negations within each other; more are refused.
inline constexpr std::size_t deepest_rule = budget::rule_depth;

/// What is wrong with a rule, and at which offset.
struct RuleError {
  std::size_t offset = 0;
  std::string what;
};

/// A rule as a tree.
struct Rule {
  enum class Kind : std::uint8_t { matcher, all_of, any_of, negation };
  struct Argument {
    std::string text;
    std::size_t offset = 0;  ///< Of its first byte, after the quote.
  };

  Kind kind = Kind::matcher;
  std::size_t offset = 0;           ///< Where it begins.
  std::string name;                 ///< Of a matcher: "Host".
  std::vector<Argument> arguments;  ///< Of a matcher.
  std::vector<Rule> parts;          ///< Of all others; of a negation one.
};

/// Errors: the first thing that cannot be understood, at its offset.
std::expected<Rule, RuleError> parse_rule(std::string_view text);

/// Hosts and paths that together match: any of the hosts with any of the paths.
struct RuleWay {
  std::vector<std::string> hosts;  ///< Empty: any.
  std::vector<std::string> paths;  ///< Empty: any.
  bool whole = false;              ///< The paths are whole ones; else what paths begin with.
  bool narrowed = false;           ///< Something besides must hold.

  friend bool operator==(const RuleWay&, const RuleWay&) = default;
};

/// A rule that matches in more ways than this is refused.
inline constexpr std::size_t most_ways = budget::rule_ways;

/// In which ways the rule can match, found in bounded time. Methods, headers, clients, queries,
/// patterns and whatever is negated narrow a way, and tell no host and no path.
///
/// Errors: a host or path that is none; a rule that can never match, or in too many ways.
std::expected<std::vector<RuleWay>, RuleError> ways_of(const Rule& rule);

}  // namespace rollcall::readers
