// Parses absolute URLs.
#pragma once

#include <optional>
#include <string_view>

#include <boost/url/url.hpp>

namespace rollcall {

/// An absolute URL of RFC 3986, or nothing. Its host may be percent-encoded although the text's is
/// not: use `host_address()`, which is decoded.
std::optional<boost::urls::url> parse_url(std::string_view text);

/// The host of a URL and its port as they are written; empty without a scheme.
std::string_view written_host(std::string_view url);

}  // namespace rollcall
