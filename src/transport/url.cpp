#include "transport/url.hpp"

#include <cstddef>
#include <string>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>

namespace rollcall {
namespace {

/// Whether a host that begins like an IPv4 address was cut after it: Boost.URL 1.81 reads
/// "10.0.0.7.example" as an address and a path. RFC 3986, 3.3: a path after a host begins with a
/// slash.
bool host_was_cut(const boost::urls::url_view& url) {
  const std::string_view path = url.encoded_path();
  return url.has_authority() && !path.empty() && !path.starts_with('/');
}

}  // namespace

std::optional<boost::urls::url> parse_url(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) return {};
  if (!host_was_cut(*parsed)) return *parsed;
  // With its first letter encoded, the host does not look like an address.
  const auto host = static_cast<std::size_t>(parsed->encoded_host().data() - text.data());
  const std::string name =
      fmt::format("{}%{:02X}{}", text.substr(0, host), text[host], text.substr(host + 1));
  const auto whole = boost::urls::parse_uri(name);
  if (!whole || host_was_cut(*whole)) return {};
  return *whole;
}

std::string_view written_host(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  std::string_view host = url.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  host.remove_prefix(host.rfind('@') + 1);  // npos + 1 is 0
  return host;
}

}  // namespace rollcall
