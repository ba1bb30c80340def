#include "transport/http/client.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <sstream>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/optional/optional.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <fmt/format.h>

#include "core/budgets.hpp"
#include "core/text/text.hpp"
#include "transport/http/gunzip.hpp"
#include "transport/tls/faults.hpp"

namespace rollcall {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::size_t inflated_size = std::size_t{64} << 10U;
constexpr std::size_t least_read = std::size_t{64} << 10U;
constexpr std::size_t most_read = std::size_t{512} << 10U;  // Fits into the processor's cache.
constexpr std::uint32_t max_head = std::uint32_t{budget::engine_head_bytes};
constexpr std::size_t max_idle = 8;

boost::beast::string_view beast_view(std::string_view text) {
  return {text.data(), text.size()};
}

/// The bytes of a request. Returns nullopt if a header would break out of its line.
std::optional<std::string> bytes_of(HttpRequest&& request, const std::string& host) {
  const auto control = [](unsigned char c) { return c < ' ' || c == 0x7f; };
  const bool post = request.body.has_value();
  http::request<http::string_body> message(post ? http::verb::post : http::verb::get,
                                           request.target, 11);
  message.set(http::field::host, host);
  for (const auto& [name, value] : request.headers) {
    if (std::ranges::any_of(name, control) || std::ranges::any_of(value, control)) return {};
    message.insert(beast_view(name), beast_view(value));
  }
  if (message.count(http::field::user_agent) == 0) {
    message.set(http::field::user_agent, "rollcall");
  }
  if (message.count(http::field::accept) == 0) {
    message.set(http::field::accept, "application/json");
  }
  if (post) {
    message.set(http::field::content_type, "application/json");
    message.body() = std::move(*request.body);
    message.prepare_payload();
  }
  std::ostringstream text;
  text << message;
  return std::move(text).str();
}

/// A body type for Beast that does not copy: each piece is a view into the receive buffer.
struct BodyInPlace {
  using value_type = std::string_view;  // the last piece

  class reader {  // NOLINT(readability-identifier-naming): as Beast names it
   public:
    template <bool is_request, class Fields>
    reader(http::header<is_request, Fields>& /*head*/, value_type& piece) : piece_(piece) {}

    // NOLINTBEGIN(readability-convert-member-functions-to-static)
    void init(const boost::optional<std::uint64_t>& /*size*/, error_code& ec) { ec = {}; }
    void finish(error_code& ec) { ec = {}; }
    // NOLINTEND(readability-convert-member-functions-to-static)

    std::size_t put(asio::const_buffer bytes, error_code& ec) {
      ec = {};
      piece_ = {static_cast<const char*>(bytes.data()), bytes.size()};
      return bytes.size();
    }

   private:
    value_type& piece_;
  };
};

}  // namespace

/// Idle connections whose last answer was read in full, so they can be used again.
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
  http::response_parser<BodyInPlace> parser;
  std::string buffer;                // Never shrinks: growing it again would clear the new part.
  std::size_t received = 0;          // Bytes of the buffer that are filled.
  std::size_t parsed = 0;            // Bytes of these that are parsed.
  std::size_t reading = least_read;  // Size of one read; grows while reads fill it.
  std::optional<Gunzip> gunzip{};
  std::string_view deflated{};  // Body bytes that are received and not inflated yet.
  std::string inflated{};

  Impl(StreamPtr s, std::shared_ptr<HttpConnections> i, std::string u, HttpDeadlines d)
      : stream(std::move(s)), idle(std::move(i)), url(std::move(u)), deadlines(d) {
    parser.body_limit(boost::none);  // A stream of events has no end.
    parser.header_limit(max_head);
  }

  /// The error for too many bytes between the pieces of a body, or after it.
  [[nodiscard]] std::unexpected<RuntimeError> too_long() const {
    return fail({.kind = ErrorKind::protocol,
                 .endpoint = url,
                 .what = fmt::format("there are more than {} bytes that are neither the head nor "
                                     "the body of an answer",
                                     budget::framing_bytes),
                 .remedy = "look at what stands between this host and the engine"});
  }

  /// Passes the received bytes to the parser. Returns whether it made progress.
  Result<bool> parse() {
    error_code ec;
    const auto data = asio::buffer(buffer.data() + parsed, received - parsed);
    const std::size_t consumed = parser.put(data, ec);
    parsed += consumed;
    if (ec == http::error::need_more) ec = {};
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

  /// Whether the answer is a TLS alert, which is how TLS answers plain text (RFC 8446, section 6).
  [[nodiscard]] bool is_tls_alert() const {
    constexpr std::string_view alert = "\x15\x03";
    return std::string_view(buffer).substr(0, received).starts_with(alert);
  }

  /// Receives more. Returns false at the end of the connection.
  Task<bool> receive(Milliseconds deadline) {
    std::copy(buffer.data() + parsed, buffer.data() + received, buffer.data());
    received -= std::exchange(parsed, 0);
    buffer.resize(std::max(buffer.size(), received + reading));
    const auto room = std::span(buffer).subspan(received);
    auto size = co_await stream->read_some(room, deadline);
    if (!size) co_return fail(std::move(size.error()));
    received += *size;
    if (*size == room.size()) reading = std::min(2 * reading, most_read);
    co_return *size > 0;
  }

  /// Reads the whole head. One deadline holds for all of it, however slowly the bytes come.
  Task<void> read_head() {
    const auto until = std::chrono::steady_clock::now() + deadlines.head;
    while (!parser.is_header_done()) {
      const auto left = std::chrono::ceil<Milliseconds>(until - std::chrono::steady_clock::now());
      if (deadlines.head > Milliseconds::zero() && left <= Milliseconds::zero()) {
        co_return fail({.kind = ErrorKind::unavailable,
                        .fault = ConnectFault::mute,
                        .endpoint = url,
                        .what = fmt::format("the head of the answer has not come within {} ms",
                                            deadlines.head.count()),
                        .remedy = "the engine hangs or is still starting: look at its log"});
      }
      auto more = co_await receive(deadlines.head > Milliseconds::zero() ? left : deadlines.head);
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

  /// Reads the Content-Encoding of the body.
  Result<void> choose_encoding() {
    const std::string_view encoding = header("Content-Encoding");
    if (encoding.empty() || encoding == "identity") return {};
    if (encoding == "gzip" || encoding == "x-gzip") {
      gunzip.emplace();
      return {};
    }
    return fail({.kind = ErrorKind::protocol,
                 .endpoint = url,
                 .what = fmt::format("the answer is encoded as {}, which was not requested",
                                     excerpt(encoding)),
                 .remedy = "look at what stands between this host and the engine"});
  }

  [[nodiscard]] std::string_view header(std::string_view name) const {
    const auto value = parser.get()[beast_view(name)];
    return {value.data(), value.size()};
  }

  Task<std::string_view> read_body();
  Task<std::string_view> read_inflated();

  void release() {
    if (parser.is_done() && parser.keep_alive() && stream && parsed == received) {
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
  return impl_->header(name);
}

/// Reads a piece of the body as it was sent.
Task<std::string_view> HttpResponse::Impl::read_body() {
  std::string_view& piece = parser.get().body();
  for (;;) {
    if (parser.is_done()) {
      release();
      co_return std::string_view();
    }
    piece = {};
    auto progress = parse();
    if (!piece.empty()) co_return piece;
    if (!progress) co_return fail(std::move(progress.error()));
    if (*progress || parser.is_done()) continue;
    if (received - parsed > budget::framing_bytes) co_return too_long();
    auto more = co_await receive(deadlines.progress);
    if (!more) co_return fail(std::move(more.error()));
    if (*more) continue;
    error_code ec;
    parser.put_eof(ec);
    if (ec) co_return cut("in the middle of an answer");
  }
}

Task<std::string_view> HttpResponse::Impl::read_inflated() {
  inflated.resize(inflated_size);
  for (;;) {
    auto step = gunzip->inflate(deflated, inflated);
    if (!step) {
      step.error().endpoint = url;
      co_return fail(std::move(step.error()));
    }
    deflated.remove_prefix(step->consumed);
    if (step->produced > 0) co_return std::string_view(inflated).substr(0, step->produced);
    auto more = co_await read_body();
    if (!more) co_return fail(std::move(more.error()));
    deflated = *more;
    if (!deflated.empty()) continue;
    if (!gunzip->complete()) co_return cut("in the middle of an answer");
    co_return std::string_view();
  }
}

Task<std::string_view> HttpResponse::read_some() {
  return impl_->gunzip ? impl_->read_inflated() : impl_->read_body();
}

Task<std::string> HttpResponse::read_all(std::size_t bound) {
  std::string all;
  for (;;) {
    auto piece = co_await read_some();
    if (!piece) co_return fail(std::move(piece.error()));
    if (piece->empty()) co_return all;
    if (all.size() + piece->size() > bound) {
      co_return fail({.kind = ErrorKind::protocol,
                      .endpoint = impl_->url,
                      .what = fmt::format("the answer is larger than {} bytes", bound)});
    }
    all.append(*piece);
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
  return send({.target = std::move(target)}, deadlines);
}

Task<HttpResponsePtr> HttpClient::send(HttpRequest request, HttpDeadlines deadlines) {
  const auto bytes = bytes_of(std::move(request), host_);
  if (!bytes) {
    co_return fail({.kind = ErrorKind::invalid_config,
                    .fault = ConnectFault::auth,
                    .endpoint = url_,
                    .what = "a header of the request would hold control characters",
                    .remedy = "check the token, or what else is sent to the engine"});
  }
  if (StreamPtr kept = idle_->take()) {
    auto impl = co_await exchange(std::move(kept), *bytes, deadlines);
    // A server may close a kept connection at any moment, even while a request is on its way.
    if (impl || impl.error().fault == ConnectFault::mute) co_return impl;
  }
  auto stream = co_await connector_(deadlines.connect);
  if (!stream) co_return fail(std::move(stream.error()));
  co_return co_await exchange(std::move(*stream), *bytes, deadlines);
}

Task<HttpResponsePtr> HttpClient::exchange(StreamPtr stream, std::string request,
                                           HttpDeadlines deadlines) {
  auto written = co_await stream->write(request, deadlines.head);
  if (!written) co_return fail(std::move(written.error()));
  auto impl = std::make_unique<HttpResponse::Impl>(std::move(stream), idle_, url_, deadlines);
  auto head = co_await impl->read_head();
  if (!head) co_return fail(std::move(head.error()));
  auto encoding = impl->choose_encoding();
  if (!encoding) co_return fail(std::move(encoding.error()));
  co_return HttpResponsePtr(new HttpResponse(std::move(impl)));
}

void HttpClient::close_idle() {
  while (idle_->take()) continue;
}

std::string encode_query_value(std::string_view value) {
  return boost::urls::encode(value, boost::urls::unreserved_chars);
}

}  // namespace rollcall
