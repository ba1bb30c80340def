// The value of a label of caddy-docker-proxy: a template of Go, whose result is taken apart into
// words as Caddy's lexer does. Pure, bounded, and safe for hostile text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall::readers {

/// A template whose text the proxy fills in.
struct CaddyTemplate {
  bool upstreams = false;  ///< The addresses of the instance; else something that it alone knows.
  std::string scheme;      ///< Of upstreams: "https" of {{upstreams https 8443}}.
  std::uint16_t port = 0;  ///< Of upstreams.
  std::string_view text;   ///< With its braces.
  std::size_t offset = 0;
};

struct CaddyWord {
  static constexpr char filled_in = '\0';

  std::string text;                      ///< A template is one `filled_in` in it.
  std::size_t offset = 0;                ///< Where it begins.
  std::vector<CaddyTemplate> templates;  ///< In their order.
};

struct CaddyWords {
  std::vector<CaddyWord> words;
  /// The first {{if …}}, {{range …}} or the like, whose choice only the proxy knows.
  std::string_view condition;
  std::size_t condition_offset = 0;
};

struct CaddyError {
  std::size_t offset = 0;
  std::string what;
};

/// Errors: a template that is not closed, or whose upstreams cannot be understood; more words than
/// a value may have.
std::expected<CaddyWords, CaddyError> caddy_words(std::string_view value);

/// Fills in the arguments of an imported snippet: "{args.0}" and "{args[0]}" are the first word
/// after its name; the name is the first of `arguments`.
void fill_in_arguments(std::vector<CaddyWord>& words, const std::vector<CaddyWord>& arguments);

/// What paths must be: how they begin, and whether more is asked of them.
struct CaddyPaths {
  std::string begin;
  bool narrowed = false;
};

/// "/api/*" are all paths that begin with "/api/", "/api" is that one alone, "*" is any.
CaddyPaths caddy_paths(std::string_view matcher);

/// Intersects both. If an inner path does not fit into the outer one, the outer one is kept:
/// handle_path strips what it matches before the inner path is matched.
void narrow(CaddyPaths& paths, const CaddyPaths& inner);

/// By a matcher: "/api/*", "*" or "@name".
void narrow_by(std::string_view word, CaddyPaths& paths);

/// Narrows by the first word of an enclosing directive. There may be many of these, so a long value
/// is not searched for one.
void narrow_by_value(std::string_view value, CaddyPaths& paths);

/// Whether the first word of a directive says which requests it is for.
bool is_caddy_matcher(const CaddyWord& word);

/// "reverse_proxy" of "route.0_reverse_proxy_1": numbers order directives and separate them, and a
/// dot after a backslash is part of a name.
std::string_view caddy_directive(std::string_view name);

/// Whether the directive of this name leads to upstreams: reverse_proxy, or php_fastcgi, which is
/// one for FastCGI.
bool is_caddy_proxy(std::string_view name);
bool is_caddy_fastcgi(std::string_view name);

/// The address of a site: "https://www.example.org:8443/shop".
struct CaddyAddress {
  std::string host;  ///< Empty: any.
  CaddyPaths paths;
  bool tls = true;
};

/// Errors: what no site can have as its address; what the proxy alone knows.
std::expected<CaddyAddress, CaddyError> caddy_address(const CaddyWord& word);

}  // namespace rollcall::readers
