#include "transport/http/proxy.hpp"

#include <array>
#include <charconv>
#include <system_error>
#include <utility>

#include <boost/url/url_view.hpp>
#include <fmt/format.h>

#include "core/budgets.hpp"
#include "core/text/text.hpp"
#include "transport/base64.hpp"
#include "transport/tls/secure_stream.hpp"
#include "transport/url.hpp"

namespace rollcall {
namespace {

constexpr DefaultPorts proxy_ports{.plain = 80, .tls = 443};
constexpr std::size_t max_head = budget::proxy_head_bytes;

std::unexpected<RuntimeError> refused(const ProxyEndpoint& proxy, const Endpoint& endpoint,
                                      ConnectFault fault, std::string what, std::string remedy) {
  return fail({.kind = fault == ConnectFault::auth ? ErrorKind::denied : ErrorKind::unavailable,
               .fault = fault,
               .endpoint = endpoint.url(),
               .what = fmt::format("the proxy {} {}", proxy.endpoint.url(), what),
               .remedy = std::move(remedy)});
}

std::string request_for(const ProxyEndpoint& proxy, const Endpoint& endpoint) {
  const std::string target = endpoint.host_header();
  std::string request = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", target);
  if (!proxy.authorization.empty()) {
    request += fmt::format("Proxy-Authorization: {}\r\n", proxy.authorization);
  }
  return request + "\r\n";
}

/// Reads the head of the proxy's answer. The endpoint speaks only when spoken to, so nothing of it
/// can follow yet.
Task<std::string> read_head(Stream& stream, const ProxyEndpoint& proxy, const Endpoint& endpoint,
                            Milliseconds deadline) {
  constexpr std::string_view end = "\r\n\r\n";
  std::string head;
  std::array<char, 2048> piece{};
  while (!head.contains(end)) {
    auto size = co_await stream.read_some(piece, deadline);
    if (!size) co_return fail(std::move(size.error()));
    if (*size == 0 || head.size() > max_head) {
      co_return refused(proxy, endpoint, ConnectFault::unreachable,
                        "does not answer as HTTP proxies do",
                        "check the proxy's URL (proxy-url, HTTPS_PROXY)");
    }
    head.append(piece.data(), *size);
  }
  co_return head;
}

/// Parses "HTTP/1.1 200 Connection established" into status and reason; status 0 if it is no such
/// line.
std::pair<unsigned, std::string_view> status_of(std::string_view head) {
  constexpr std::size_t number_at = 9;  // "HTTP/1.1 "
  const std::string_view line = head.substr(0, head.find('\r'));
  if (!line.starts_with("HTTP/1.") || line.size() < number_at + 3) return {0, line};
  unsigned status = 0;
  const char* const digits = line.data() + number_at;
  const auto [end, error] = std::from_chars(digits, digits + 3, status);
  if (error != std::errc() || end != digits + 3) return {0, line};
  return {status, line.substr(number_at)};
}

Result<void> check(std::string_view head, const ProxyEndpoint& proxy, const Endpoint& endpoint) {
  const auto [status, line] = status_of(head);
  const std::string words = excerpt(line);
  if (status == 407) {
    return refused(proxy, endpoint, ConnectFault::auth,
                   proxy.authorization.empty() ? "wants to know who asks: " + words
                                               : "does not accept our password: " + words,
                   "write the user and the password into its URL: http://user:password@host:port");
  }
  if (status < 200 || status > 299) {
    return refused(proxy, endpoint, ConnectFault::unreachable,
                   fmt::format("does not connect us to {}: {}", endpoint.host_header(), words),
                   "check proxy-url, and what the proxy allows");
  }
  if (!head.ends_with("\r\n\r\n")) {
    return refused(proxy, endpoint, ConnectFault::unreachable,
                   "says more than that it has connected us",
                   "check the proxy's URL (proxy-url, HTTPS_PROXY)");
  }
  return {};
}

}  // namespace

Result<ProxyEndpoint> parse_proxy(std::string_view text) {
  const auto invalid = [](std::string what) {
    return fail({.kind = ErrorKind::invalid_config,
                 .what = std::move(what),
                 .remedy = "write http://host:port or https://host:port"});
  };
  const auto parsed = parse_url(text);
  if (!parsed) return invalid("the proxy is named by what is not a URL");
  const boost::urls::url_view url = *parsed;
  const std::string scheme(url.scheme());
  if (scheme != "http" && scheme != "https") {
    return invalid(fmt::format("a proxy of the kind {}:// is not supported", excerpt(scheme)));
  }
  ProxyEndpoint proxy;
  if (url.has_userinfo()) {
    proxy.authorization = "Basic " + to_base64(url.user() + ":" + url.password());
  }
  const std::string bare = fmt::format("{}://{}", scheme, written_host(text));
  auto endpoint = parse_endpoint(bare, proxy_ports);
  if (!endpoint) return fail(std::move(endpoint.error()));
  proxy.endpoint = std::move(*endpoint);
  return proxy;
}

Task<StreamPtr> connect_through(ProxyEndpoint proxy, Endpoint endpoint, Milliseconds deadline) {
  auto stream = co_await connect_stream(proxy.endpoint, deadline);
  if (!stream) {
    RuntimeError error = std::move(stream.error());
    error.what = fmt::format("the proxy cannot be reached: {}", error.what);
    co_return fail(std::move(error));
  }
  const std::string request = request_for(proxy, endpoint);
  auto written = co_await (*stream)->write(request, deadline);
  if (!written) co_return fail(std::move(written.error()));
  auto head = co_await read_head(**stream, proxy, endpoint, deadline);
  if (!head) co_return fail(std::move(head.error()));
  auto connected = check(*head, proxy, endpoint);
  if (!connected) co_return fail(std::move(connected.error()));
  if (endpoint.scheme == Endpoint::Scheme::tcp) co_return std::move(*stream);
  co_return co_await secure_stream(std::move(*stream), std::move(endpoint), deadline);
}

}  // namespace rollcall
