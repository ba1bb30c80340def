#include "server/admission.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <boost/asio/ip/address.hpp>
#include <boost/system/error_code.hpp>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "core/text.hpp"
#include "server/problem.hpp"

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

/// Nobody's page is found under an address or "localhost" but this host's own.
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

/// Browsers tell which page asks; none but our own is answered.
std::optional<Reply> wrong_origin(const Request& request) {
  const std::string_view origin = request.header("origin");
  if (origin.empty()) return std::nullopt;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme) &&
        equal_blind(origin.substr(scheme.size()), request.header("host"))) {
      return std::nullopt;
    }
  }
  return problem(403, "pages of other origins are not answered");
}

std::optional<Reply> wrong_token(const Request& request, const ServerOptions& options) {
  constexpr std::string_view scheme = "bearer ";
  const std::string_view said = request.header("authorization");
  if (request.count("authorization") == 1 && said.size() > scheme.size() &&
      equal_blind(said.substr(0, scheme.size()), scheme)) {
    std::string_view token = said.substr(scheme.size());
    while (token.starts_with(' ')) token.remove_prefix(1);
    if (same_secret(token, options.token)) return std::nullopt;
  }
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
  // Digests have one length, so not even that of the secret is told.
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

std::optional<Reply> refuse(const Request& request, const Client& client, bool open,
                            const ServerOptions& options) {
  if (client.door == Client::Door::unix_socket) return std::nullopt;
  if (auto refused = wrong_host(request, options)) return refused;
  if (auto refused = wrong_origin(request)) return refused;
  if (open || options.token.empty()) return std::nullopt;
  return wrong_token(request, options);
}

}  // namespace rollcall::server
