#include "transport/http_client.hpp"

#include <sstream>
#include <utility>

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <fmt/format.h>

#include "transport/tls_faults.hpp"

namespace rollcall {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::size_t read_size = std::size_t{64} << 10U;
constexpr std::uint32_t max_head = 64U << 10U;
constexpr std::size_t max_idle = 8;

}  // namespace

/// Connections that have answered in full and may be asked again.
class HttpConnections {
 public:
  StreamPtr take() {
    if (streams_.empty()) return nullptr;
    StreamPtr stream = std::move(streams_.back());
    streams_.pop_back();
    return stream;
  }
  void put(StreamPtr stream) {
    if (streams_.size() < max_idle) streams_.push_back(std::move(stream));
  }

 private:
  std::vector<StreamPtr> streams_;
};

struct HttpResponse::Impl {
  StreamPtr stream;
  std::shared_ptr<HttpConnections> idle;
  std::string url;
  HttpDeadlines deadlines;
  http::response_parser<http::buffer_body> parser;
  std::string buffer;      // what was received
  std::size_t parsed = 0;  // of the buffer

  Impl(StreamPtr s, std::shared_ptr<HttpConnections> i, std::string u, HttpDeadlines d)
      : stream(std::move(s)), idle(std::move(i)), url(std::move(u)), deadlines(d) {
    parser.body_limit(boost::none);  // a stream of events has no end
    parser.header_limit(max_head);
    parser.eager(true);
  }

  /// Gives the parser what was received. Returns whether it made progress.
  Result<bool> parse() {
    error_code ec;
    const auto data = asio::buffer(buffer.data() + parsed, buffer.size() - parsed);
    const std::size_t consumed = parser.put(data, ec);
    parsed += consumed;
    if (ec == http::error::need_more || ec == http::error::need_buffer) ec = {};
    if (ec) {
      return fail(
          {.kind = ErrorKind::protocol,
           .fault = parser.is_header_done() ? ConnectFault::none : ConnectFault::not_this_api,
           .endpoint = url,
           .what = fmt::format("the answer is not HTTP: {}", ec.message()),
           .remedy = "check that this is the engine's API endpoint"});
    }
    return consumed > 0;
  }

  /// How TLS answers what is not TLS (RFC 8446, 6).
  [[nodiscard]] bool is_tls_alert() const {
    constexpr std::string_view alert = "\x15\x03";
    return buffer.starts_with(alert);
  }

  /// Receives more. Returns false at the end of the connection.
  Task<bool> receive(Milliseconds deadline) {
    buffer.erase(0, std::exchange(parsed, 0));
    const std::size_t held = buffer.size();
    buffer.resize(held + read_size);
    auto size = co_await stream->read_some(std::span(buffer).subspan(held), deadline);
    buffer.resize(held + (size ? *size : 0));
    if (!size) co_return fail(std::move(size.error()));
    co_return *size > 0;
  }

  Task<void> read_head() {
    while (!parser.is_header_done()) {
      auto more = co_await receive(deadlines.head);
      if (!more) co_return fail(std::move(more.error()));
      if (!*more) co_return cut("before it answered");
      if (is_tls_alert()) co_return fail(tls::wants_tls(url));
      auto parsed_some = parse();
      if (!parsed_some) co_return fail(std::move(parsed_some.error()));
    }
    co_return Result<void>();
  }

  [[nodiscard]] std::unexpected<RuntimeError> cut(std::string_view where) const {
    return fail({.kind = ErrorKind::unavailable,
                 .fault = ConnectFault::unreachable,
                 .endpoint = url,
                 .what = fmt::format("the engine closed the connection {}", where),
                 .remedy = "the engine ends or is still starting: look at its log"});
  }

  void release() {
    if (parser.is_done() && parser.keep_alive() && stream && parsed == buffer.size()) {
      idle->put(std::move(stream));
    }
  }
};

HttpResponse::HttpResponse(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpResponse::~HttpResponse() = default;

unsigned HttpResponse::status() const {
  return impl_->parser.get().result_int();
}

std::string_view HttpResponse::header(std::string_view name) const {
  const auto value = impl_->parser.get()[boost::beast::string_view(name.data(), name.size())];
  return {value.data(), value.size()};
}

Task<std::size_t> HttpResponse::read_some(std::span<char> into) {
  auto& body = impl_->parser.get().body();
  for (;;) {
    if (impl_->parser.is_done()) {
      impl_->release();
      co_return std::size_t{0};
    }
    body.data = into.data();
    body.size = into.size();
    body.more = true;
    auto progress = impl_->parse();
    const std::size_t produced = into.size() - body.size;
    body.data = nullptr;
    if (produced > 0) co_return produced;
    if (!progress) co_return fail(std::move(progress.error()));
    if (*progress || impl_->parser.is_done()) continue;
    auto more = co_await impl_->receive(impl_->deadlines.progress);
    if (!more) co_return fail(std::move(more.error()));
    if (*more) continue;
    error_code ec;
    impl_->parser.put_eof(ec);
    if (ec) co_return impl_->cut("in the middle of an answer");
  }
}

Task<std::string> HttpResponse::read_all(std::size_t bound) {
  std::string all;
  std::string chunk(read_size, '\0');
  for (;;) {
    auto size = co_await read_some(chunk);
    if (!size) co_return fail(std::move(size.error()));
    if (*size == 0) co_return all;
    if (all.size() + *size > bound) {
      co_return fail({.kind = ErrorKind::protocol,
                      .endpoint = impl_->url,
                      .what = fmt::format("the answer is larger than {} bytes", bound)});
    }
    all.append(chunk, 0, *size);
  }
}

HttpClient::HttpClient(Connector connector, std::string host, std::string url)
    : connector_(std::move(connector)),
      host_(std::move(host)),
      url_(std::move(url)),
      idle_(std::make_shared<HttpConnections>()) {}

HttpClient::HttpClient(const Endpoint& endpoint)
    : HttpClient([endpoint](Milliseconds deadline) { return connect_stream(endpoint, deadline); },
                 endpoint.host_header(), endpoint.url()) {}

Task<HttpResponsePtr> HttpClient::get(std::string target, HttpDeadlines deadlines) {
  if (StreamPtr kept = idle_->take()) {
    auto impl = co_await exchange(std::move(kept), target, deadlines);
    // A server may close a kept connection at any moment, also while it is asked again.
    if (impl || impl.error().fault == ConnectFault::mute) co_return impl;
  }
  auto stream = co_await connector_(deadlines.connect);
  if (!stream) co_return fail(std::move(stream.error()));
  co_return co_await exchange(std::move(*stream), std::move(target), deadlines);
}

Task<HttpResponsePtr> HttpClient::exchange(StreamPtr stream, std::string target,
                                           HttpDeadlines deadlines) {
  http::request<http::empty_body> request(http::verb::get, target, 11);
  request.set(http::field::host, host_);
  request.set(http::field::user_agent, "rollcall");
  request.set(http::field::accept, "application/json");
  std::ostringstream text;
  text << request;
  const std::string bytes = std::move(text).str();

  auto written = co_await stream->write(bytes, deadlines.head);
  if (!written) co_return fail(std::move(written.error()));
  auto impl = std::make_unique<HttpResponse::Impl>(std::move(stream), idle_, url_, deadlines);
  auto head = co_await impl->read_head();
  if (!head) co_return fail(std::move(head.error()));
  co_return HttpResponsePtr(new HttpResponse(std::move(impl)));
}

void HttpClient::close_idle() {
  while (idle_->take()) continue;
}

std::string encode_query_value(std::string_view value) {
  return boost::urls::encode(value, boost::urls::unreserved_chars);
}

}  // namespace rollcall
