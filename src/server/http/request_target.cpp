#include "server/http/request_target.hpp"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

#include "core/budgets.hpp"
#include "core/text/text.hpp"

namespace rollcall::server {
namespace {

constexpr std::size_t most_parameters = budget::query_parameters;

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// `plus`: a '+' is a blank, as forms write it.
std::expected<std::string, std::string> decode(std::string_view text, bool plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += plus && text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const int high = i + 1 < text.size() ? digit_of(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? digit_of(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return std::unexpected(fmt::format("'{}' in the URL is no encoded byte (a '%' itself is %25)",
                                         excerpt(text.substr(i, 3))));
    }
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::expected<void, std::string> decode_path(RequestTarget& target) {
  std::string_view rest = target.path;
  while (!rest.empty()) {
    rest.remove_prefix(1);  // the slash
    const std::size_t end = std::min(rest.find('/'), rest.size());
    auto segment = decode(rest.substr(0, end), false);
    if (!segment) return std::unexpected(std::move(segment.error()));
    target.segments.push_back(std::move(*segment));
    rest.remove_prefix(end);
  }
  return {};
}

std::expected<void, std::string> decode_query(RequestTarget& target, std::string_view query) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    if (target.query.size() == most_parameters) {
      return std::unexpected(fmt::format("a query has at most {} parameters", most_parameters));
    }
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decode(pair.substr(0, equals), true);
    if (!name) return std::unexpected(std::move(name.error()));
    auto value = decode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!value) return std::unexpected(std::move(value.error()));
    target.query.emplace_back(std::move(*name), std::move(*value));
  }
  return {};
}

/// Takes "http://host" from the front, which proxies send (RFC 9112, 3.2.2).
void drop_authority(std::string_view& text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    const std::size_t path = text.find_first_of("/?", scheme.size());
    text.remove_prefix(std::min(path, text.size()));
    return;
  }
}

}  // namespace

std::optional<std::string_view> RequestTarget::find(std::string_view name) const {
  const auto at = std::ranges::find(query, name, [](const auto& pair) { return pair.first; });
  if (at == query.end()) return std::nullopt;
  return at->second;
}

std::expected<RequestTarget, std::string> parse_target(std::string_view text) {
  const bool absolute = text.starts_with("http");
  drop_authority(text);
  text = text.substr(0, text.find('#'));
  const std::size_t question = std::min(text.find('?'), text.size());
  RequestTarget target;
  target.path = text.substr(0, question);
  if (absolute && target.path.empty()) target.path = "/";
  if (!target.path.starts_with('/')) {
    return std::unexpected("what is asked for is no path: it begins with '/'");
  }
  if (auto ok = decode_path(target); !ok) return std::unexpected(std::move(ok.error()));
  if (auto ok = decode_query(target, text.substr(std::min(question + 1, text.size()))); !ok) {
    return std::unexpected(std::move(ok.error()));
  }
  return target;
}

}  // namespace rollcall::server
