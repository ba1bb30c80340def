#include "backends/docker_api/address.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <utility>

#include <boost/url/encode.hpp>
#include <boost/url/rfc/pchars.hpp>

namespace rollcall::docker_api {
namespace {

constexpr std::array<std::string_view, 3> schemes_with_path = {"tcp://", "http://", "https://"};

/// Percent-encodes blanks and non-ASCII letters; existing escapes are kept.
std::string encoded(std::string_view path) {
  constexpr auto kept = boost::urls::pchars + '/';
  std::string text;
  for (;;) {
    const std::size_t percent = std::min(path.find('%'), path.size());
    text += boost::urls::encode(path.substr(0, percent), kept);
    if (percent == path.size()) return text;
    text += '%';
    path.remove_prefix(percent + 1);
  }
}

/// The path as it is sent, without a slash at its end.
std::string request_path(std::string_view written) {
  std::string path = std::filesystem::path(written).lexically_normal().string();
  while (path.ends_with('/')) path.pop_back();
  return encoded(path);
}

/// The index at which the path begins; the end if there is none.
std::size_t path_begin(std::string_view url) {
  const auto has = [url](std::string_view scheme) { return url.starts_with(scheme); };
  const auto scheme = std::ranges::find_if(schemes_with_path, has);
  if (scheme == schemes_with_path.end()) return url.size();
  return std::min(url.find_first_of("/?#", scheme->size()), url.size());
}

}  // namespace

Result<Address> parse_address(std::string_view url) {
  const std::size_t begin = path_begin(url);
  const std::string_view path = url.substr(begin);
  const auto odd = [](unsigned char c) { return c < ' ' || c == 0x7f || c == '?' || c == '#'; };
  if (std::ranges::any_of(path, odd)) {
    // Report the error of the whole URL; it does not repeat any secret.
    auto whole = parse_endpoint(url, default_ports);
    if (!whole) return fail(std::move(whole.error()));
    return fail({.kind = ErrorKind::invalid_config,
                 .endpoint = whole->url(),
                 .what = "nothing may follow the host and its path",
                 .remedy = "write tcp://host:port/path"});
  }
  auto endpoint = parse_endpoint(url.substr(0, begin), default_ports);
  if (!endpoint) return fail(std::move(endpoint.error()));
  return Address{.endpoint = std::move(*endpoint), .path = request_path(path)};
}

}  // namespace rollcall::docker_api
