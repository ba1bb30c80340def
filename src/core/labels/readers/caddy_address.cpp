// Addresses of Caddy's sites, and the names of directives.
#include <algorithm>
#include <array>
#include <cstdint>
#include <expected>

#include <fmt/format.h>

#include "core/labels/readers/caddy_words.hpp"
#include "core/labels/readers/values.hpp"
#include "core/text/ascii.hpp"
#include "core/text/text.hpp"

namespace rollcall::readers {
namespace {

using Outcome = std::expected<CaddyAddress, CaddyError>;

class Parser {
 public:
  explicit Parser(const CaddyWord& word) : word_(word) {}

  Outcome parse() {
    const std::string_view text = word_.text;
    if (!word_.templates.empty()) {
      const CaddyTemplate& one = word_.templates.front();
      return error_at(one.offset, fmt::format("the proxy alone knows what {} is, so that this "
                                              "address is not told: write it without a template",
                                              excerpt(one.text)));
    }
    if (const std::size_t at = text.find("{$"); at != std::string_view::npos) {
      return wrong(at,
                   "Caddy alone knows its environment, so that this address is not told: "
                   "write it without a variable");
    }
    if (const std::size_t comma = text.find(','); comma != std::string_view::npos) {
      return wrong(comma, "addresses are separated by a comma and a space");
    }
    return parse_parts(text);
  }

 private:
  Outcome parse_parts(std::string_view text) {
    CaddyAddress address;
    std::string_view rest = text;
    std::string scheme;
    if (const std::size_t end = rest.find("://"); end != std::string_view::npos) {
      scheme = lower_case(rest.substr(0, end));
      if (scheme != "http" && scheme != "https" && !scheme.empty()) {
        return wrong(0, fmt::format("\"{}\" is not the scheme of a site: write http or https",
                                    excerpt(scheme)));
      }
      rest.remove_prefix(end + 3);
    }
    address.tls = scheme != "http";
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    // "/" alone is how people end an address, and no matcher.
    if (const auto path = rest.substr(slash); path != "/") address.paths = caddy_paths(path);
    std::string_view host = rest.substr(0, slash);
    const std::size_t colon = port_colon(host);
    if (colon + 1 < host.size()) {
      const auto port = port_of(host.substr(colon + 1), scheme);
      if (!port) return std::unexpected(port.error());
      address.tls = address.tls && *port != 80;
    }
    host = host.substr(0, colon);
    if (host.empty() || host == "*") return address;
    auto parsed = parse_host(host);
    if (!parsed) {
      return wrong(offset_of(host) + parsed.error(),
                   fmt::format("\"{}\" is not {}", excerpt(host), right::host));
    }
    address.host = std::move(*parsed);
    return address;
  }

  /// 0: the system chooses one.
  [[nodiscard]] std::expected<std::uint16_t, CaddyError> port_of(std::string_view digits,
                                                                 std::string_view scheme) const {
    const auto port = parse_port(digits);
    if (!port && digits.find_first_not_of('0') != std::string_view::npos) {
      return error_at(word_.offset + offset_of(digits) + port.error(),
                      fmt::format("\"{}\" is not {}", excerpt(digits), right::port));
    }
    if ((scheme == "http" && digits == "443") || (scheme == "https" && digits == "80")) {
      return error_at(word_.offset + offset_of(digits),
                      fmt::format("port {} is not that of {}", digits, scheme));
    }
    return port.value_or(0);
  }

  // The colon before the port; the size, if there is none. In "::1" there is none.
  static std::size_t port_colon(std::string_view host) {
    const std::size_t colon = host.rfind(':');
    const bool in_brackets = host.starts_with('[');
    if (colon == std::string_view::npos || host.ends_with(']')) return host.size();
    if (!in_brackets && host.find(':') != colon) return host.size();
    return colon;
  }

  [[nodiscard]] std::size_t offset_of(std::string_view part) const {
    return static_cast<std::size_t>(part.data() - word_.text.data());
  }

  static std::unexpected<CaddyError> error_at(std::size_t offset, std::string what) {
    return std::unexpected(CaddyError{.offset = offset, .what = std::move(what)});
  }
  [[nodiscard]] Outcome wrong(std::size_t at, std::string what) const {
    return error_at(word_.offset + at, std::move(what));
  }

  const CaddyWord& word_;
};

/// "0_reverse_proxy" and "reverse_proxy_1" are "reverse_proxy": numbers order and separate.
std::string_view without_numbers(std::string_view word) {
  const auto digits =
      static_cast<std::size_t>(std::ranges::find_if_not(word, is_digit) - word.begin());
  if (digits > 0 && digits < word.size() && word[digits] == '_') word.remove_prefix(digits + 1);
  const std::size_t line = word.rfind('_');
  if (line != std::string_view::npos && line + 1 < word.size() &&
      std::ranges::all_of(word.substr(line + 1), is_digit)) {
    word = word.substr(0, line);
  }
  return word;
}

/// The part of a key after its last dot; a dot after a backslash is part of it.
std::string_view last_part(std::string_view name) {
  std::size_t dot = name.rfind('.');
  while (dot != std::string_view::npos && dot > 0 && name[dot - 1] == '\\') {
    dot = name.rfind('.', dot - 1);
  }
  return name.substr(dot == std::string_view::npos ? 0 : dot + 1);
}

}  // namespace

CaddyPaths caddy_paths(std::string_view matcher) {
  const std::size_t star = std::min(matcher.find('*'), matcher.size());
  CaddyPaths paths;
  paths.narrowed = star + 1 != matcher.size() && !matcher.empty();
  if (star == 0) return paths;
  const auto path = parse_path(matcher.substr(0, star));
  if (!path) {
    paths.narrowed = true;
  } else if (*path != "/") {
    paths.begin = *path;
  }
  return paths;
}

void narrow(CaddyPaths& paths, const CaddyPaths& inner) {
  const bool fits = inner.begin.starts_with(paths.begin);
  paths.narrowed = paths.narrowed || inner.narrowed || (!fits && !inner.begin.empty());
  if (fits) paths.begin = inner.begin;
}

void narrow_by(std::string_view word, CaddyPaths& paths) {
  if (word.starts_with('@')) paths.narrowed = true;
  if (word.starts_with('/')) narrow(paths, caddy_paths(word));
}

void narrow_by_value(std::string_view value, CaddyPaths& paths) {
  constexpr std::size_t longest = 4096;
  if (value.size() > longest) {
    paths.narrowed = true;
    return;
  }
  const auto words = caddy_words(value);
  if (words && !words->words.empty()) narrow_by(words->words.front().text, paths);
}

std::expected<CaddyAddress, CaddyError> caddy_address(const CaddyWord& word) {
  return Parser(word).parse();
}

std::string_view caddy_directive(std::string_view name) {
  return without_numbers(last_part(name));
}

bool is_caddy_proxy(std::string_view name) {
  return caddy_directive(name) == "reverse_proxy" || is_caddy_fastcgi(name);
}

bool is_caddy_fastcgi(std::string_view name) {
  return caddy_directive(name) == "php_fastcgi";
}

bool is_caddy_matcher(const CaddyWord& word) {
  const std::string_view text = word.text;
  return text == "*" || text.starts_with('/') || text.starts_with('@');
}

}  // namespace rollcall::readers
