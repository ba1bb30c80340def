#include "core/text/shown_url.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace rollcall {
namespace {

/// Where the user info ends, even if the '@' is escaped; npos if there is none.
std::size_t end_of_user(std::string_view text) {
  constexpr std::string_view escaped = "%40";
  const std::size_t at = text.rfind('@');
  const std::size_t escaped_at = text.rfind(escaped);
  if (escaped_at == std::string_view::npos) return at == std::string_view::npos ? at : at + 1;
  const std::size_t end = escaped_at + escaped.size();
  return at == std::string_view::npos ? end : std::max(at + 1, end);
}

}  // namespace

std::string shown_url(std::string_view url) {
  if (url.starts_with("unix:") || url.starts_with('/')) return std::string(url);
  const auto scheme_end = url.find("://");
  const std::size_t begin = scheme_end == std::string_view::npos ? 0 : scheme_end + 3;
  std::string_view rest = url.substr(begin);
  const std::size_t end = end_of_user(rest);
  const std::string_view user = end == std::string_view::npos ? "" : rest.substr(0, end);
  const bool name_alone = url.starts_with("ssh://") && !user.contains(':');
  if (!name_alone) rest.remove_prefix(user.size());
  const std::size_t query = rest.find_first_of("?#");
  const std::string_view cut = query == std::string_view::npos ? "" : "…";
  return fmt::format("{}{}{}", url.substr(0, begin), rest.substr(0, query), cut);
}

}  // namespace rollcall
