#include "server/access/admission.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <boost/asio/ip/address.hpp>
#include <boost/system/error_code.hpp>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "core/text/text.hpp"
#include "server/http/problem.hpp"

namespace rollcall::server {
namespace {

bool equal_blind(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

bool is_address(std::string_view host) {
  boost::system::error_code ec;
  boost::asio::ip::make_address(host, ec);
  return !ec;
}

/// Whether the host is a name of this server. IP addresses and "localhost" need no DNS, so no
/// foreign page can have one of them as its host.
bool is_ours(std::string_view host, const ServerOptions& options) {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (equal_blind(host, "localhost") || is_address(host)) return true;
  return std::ranges::any_of(options.hosts,
                             [&](const std::string& name) { return equal_blind(host, name); });
}

std::optional<Reply> wrong_host(const Request& request, const ServerOptions& options) {
  const std::size_t hosts = request.count("host");
  if (hosts > 1) return problem(400, "a request has one Host header");
  if (hosts == 0) {
    if (request.version == 10) return std::nullopt;
    return problem(400, "a request of HTTP/1.1 has a Host header");
  }
  const std::string_view said = request.header("host");
  const std::string_view host = host_in(said);
  if (!host.empty() && is_ours(host, options)) return std::nullopt;
  return problem(421, fmt::format("this server is not known as '{}': ask for localhost or an "
                                  "address, or name it among the server's hosts",
                                  excerpt(said)));
}

Reply foreign_page() {
  return problem(403, "pages of other origins are not answered");
}

/// Browsers send the origin of the page that makes the request; only our own is accepted.
std::optional<Reply> wrong_origin(const Request& request) {
  if (request.count("origin") > 1) return foreign_page();
  const std::string_view origin = request.header("origin");
  if (origin.empty()) return std::nullopt;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme) &&
        equal_blind(origin.substr(scheme.size()), request.header("host"))) {
      return std::nullopt;
    }
  }
  return foreign_page();
}

/// Requests for images and scripts of a page carry no Origin, but browsers mark every request as
/// coming from the same origin, from another one ("cross-site", "same-site") or from the user
/// ("none"). A link that the user follows to an HTML page is harmless.
std::optional<Reply> wrong_site(const Request& request, Asked asked) {
  if (request.count("sec-fetch-site") == 0) return std::nullopt;
  const std::string_view site = request.header("sec-fetch-site");
  const bool once = request.count("sec-fetch-site") == 1;
  if (once && (site == "same-origin" || site == "none")) return std::nullopt;
  const bool followed = request.header("sec-fetch-mode") == "navigate" &&
                        request.header("sec-fetch-dest") == "document";
  if (once && asked.page && followed) return std::nullopt;
  return foreign_page();
}

bool shows_token(const Request& request, const ServerOptions& options) {
  constexpr std::string_view scheme = "bearer ";
  const std::string_view said = request.header("authorization");
  if (options.token.empty() || request.count("authorization") != 1 || said.size() <= scheme.size())
    return false;
  if (!equal_blind(said.substr(0, scheme.size()), scheme)) return false;
  std::string_view token = said.substr(scheme.size());
  while (token.starts_with(' ')) token.remove_prefix(1);
  return same_secret(token, options.token);
}

std::optional<Reply> wrong_user(const Client& client, const ServerOptions& options) {
  if (!client.stranger || options.all_local_users) return std::nullopt;
  return problem(403,
                 "without a token this address answers root, the user of the server and those "
                 "who may use its Unix socket: ask by that socket, or have the server given a "
                 "token (token_file)");
}

std::optional<Reply> wrong_token(const Request& request, const ServerOptions& options) {
  if (shows_token(request, options)) return std::nullopt;
  const std::string_view said = request.header("authorization");
  Reply reply =
      problem(401, said.empty() ? "this server wants a token: 'Authorization: Bearer TOKEN'"
                                : "the token is not the one that this server wants");
  reply.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"rollcall\"");
  return reply;
}

}  // namespace

std::string_view host_in(std::string_view authority) {
  std::size_t end = 0;
  std::string_view host;
  if (authority.starts_with('[')) {
    end = authority.find(']');
    if (end == std::string_view::npos) return {};
    host = authority.substr(1, end - 1);
    ++end;
  } else {
    end = std::min(authority.find(':'), authority.size());
    host = authority.substr(0, end);
  }
  const std::string_view port = authority.substr(end);
  const bool digits = std::ranges::all_of(port.substr(std::min<std::size_t>(1, port.size())),
                                          [](char c) { return c >= '0' && c <= '9'; });
  if (!port.empty() && (port.front() != ':' || !digits)) return {};
  return host;
}

bool same_secret(std::string_view a, std::string_view b) {
  // Digests have one length, so not even the secret's length leaks.
  using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;
  const auto digest = [](std::string_view text) {
    Digest out{};
    ::SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data());
    return out;
  };
  const Digest x = digest(a);
  const Digest y = digest(b);
  return ::CRYPTO_memcmp(x.data(), y.data(), x.size()) == 0;
}

std::optional<Reply> refuse(const Request& request, const Client& client, Asked asked,
                            const ServerOptions& options) {
  if (client.door == Client::Door::unix_socket) return std::nullopt;
  if (auto refused = wrong_host(request, options)) return refused;
  if (auto refused = wrong_origin(request)) return refused;
  if (auto refused = wrong_site(request, asked)) return refused;
  if (asked.open) return std::nullopt;
  if (options.token.empty()) return wrong_user(client, options);
  return wrong_token(request, options);
}

bool is_trusted(const Request& request, const Client& client, const ServerOptions& options) {
  return client.door == Client::Door::unix_socket || shows_token(request, options);
}

}  // namespace rollcall::server
