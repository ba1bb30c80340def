#include "backends/docker/headers.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/text/ascii.hpp"
#include "core/text/text.hpp"

namespace rollcall::docker {
namespace {

constexpr std::array<std::string_view, 10> not_the_users = {"host",
                                                            "user-agent",
                                                            "content-length",
                                                            "transfer-encoding",
                                                            "connection",
                                                            "trailer",
                                                            "upgrade",
                                                            "te",
                                                            "accept-encoding",
                                                            "expect"};

std::unexpected<RuntimeError> wrong(std::string what) {
  return fail({.kind = ErrorKind::invalid_config,
               .endpoint = {},
               .what = std::move(what),
               .remedy = "write name=value pairs with commas between them; a pair that holds a "
                         "comma stands in double quotes"});
}

/// Takes one field, up to a comma or the end, and leaves the rest in `rest`. Returns nullopt if its
/// quotes are malformed.
std::optional<std::string> take_field(std::string_view& rest) {
  std::string field;
  if (!rest.starts_with('"')) {
    field = rest.substr(0, rest.find(','));
    rest.remove_prefix(field.size());
    return field.contains('"') ? std::nullopt : std::optional(std::move(field));
  }
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] != '"') {
      field += rest[at];
    } else if (rest.substr(at + 1).starts_with('"')) {
      field += rest[at++];
    } else {
      rest.remove_prefix(at + 1);
      return rest.empty() || rest.front() == ',' ? std::optional(std::move(field)) : std::nullopt;
    }
  }
  return std::nullopt;
}

/// The first non-empty line. A line feed ends it even within quotes.
std::string_view first_line(std::string_view csv) {
  while (csv.starts_with('\n') || csv.starts_with("\r\n")) csv.remove_prefix(1);
  bool quoted = false;
  std::size_t end = 0;
  for (; end < csv.size() && (quoted || csv[end] != '\n'); ++end) quoted ^= csv[end] == '"';
  csv = csv.substr(0, end);
  if (csv.ends_with('\r')) csv.remove_suffix(1);
  return csv;
}

bool is_token(std::string_view name) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  const auto ok = [marks](char c) { return is_alphanumeric(c) || marks.contains(c); };
  return !name.empty() && std::ranges::all_of(name, ok);
}

void put(std::vector<HttpHeader>& headers, std::string name, std::string value) {
  const auto same = [&name](const HttpHeader& header) {
    return lower_case(header.first) == lower_case(name);
  };
  std::erase_if(headers, same);
  headers.emplace_back(std::move(name), std::move(value));
}

}  // namespace

Result<std::vector<HttpHeader>> read_custom_headers(std::string_view csv) {
  std::vector<HttpHeader> headers;
  std::string_view rest = first_line(csv);
  while (!rest.empty()) {
    const auto field = take_field(rest);
    if (!field) return wrong("DOCKER_CUSTOM_HEADERS has quotes that are not closed or misplaced");
    const std::size_t equals = field->find('=');
    if (equals == std::string::npos) {
      return wrong("DOCKER_CUSTOM_HEADERS has a pair without an equals sign");
    }
    std::string name(trimmed(std::string_view(*field).substr(0, equals)));
    if (name.empty()) return wrong("DOCKER_CUSTOM_HEADERS has a pair without a name");
    put(headers, std::move(name), field->substr(equals + 1));
    if (rest.empty()) break;
    rest.remove_prefix(1);
    if (rest.empty()) return wrong("DOCKER_CUSTOM_HEADERS has a pair without an equals sign");
  }
  return headers;
}

Result<std::vector<HttpHeader>> checked_headers(const std::vector<HttpHeader>& headers) {
  std::vector<HttpHeader> checked;
  for (const auto& [name, value] : headers) {
    if (!is_token(name)) {
      return wrong(fmt::format("'{}' is no name of a header", excerpt(name)));
    }
    const std::string_view kept = trimmed(value);
    const auto control = [](unsigned char c) { return c < ' ' || c == 0x7f; };
    if (std::ranges::any_of(kept, control)) {
      return wrong(fmt::format("the header {} has a value with control characters", name));
    }
    const bool ours = std::ranges::find(not_the_users, lower_case(name)) != not_the_users.end();
    if (kept.empty() || ours) continue;
    put(checked, name, std::string(kept));
  }
  return checked;
}

}  // namespace rollcall::docker
