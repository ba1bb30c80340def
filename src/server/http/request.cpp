#include "server/http/request.hpp"

#include <algorithm>
#include <span>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>

#include "core/text/ascii.hpp"

namespace rollcall::server {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t read_size = std::size_t{4} << 10U;

using Parser = http::request_parser<http::string_body>;

template <class View>
std::string text_of(const View& view) {
  return {view.data(), view.size()};
}

Refusal refusal_of(const error_code& ec, const Limits& limits) {
  if (ec == http::error::header_limit) {
    return {431, fmt::format("the head of a request has at most {} bytes", limits.head_bytes)};
  }
  if (ec == http::error::body_limit) {
    return {413, fmt::format("the body of a request has at most {} bytes", limits.body_bytes)};
  }
  if (ec == http::error::bad_version) return {505, "this server speaks HTTP/1.1 and HTTP/1.0"};
  return {400, fmt::format("the request is not HTTP: {}", ec.message())};
}

/// The length of the body must be beyond doubt, or bytes of it could be taken for a request (RFC
/// 9112, 6.1 and 6.3). "chunked" is the only accepted transfer coding; any other is refused.
std::optional<Refusal> doubtful_body(const Request& request) {
  const std::size_t codings = request.count("transfer-encoding");
  const std::size_t lengths = request.count("content-length");
  const auto is_number = [](std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, is_digit);
  };
  if (lengths > 1 || (lengths == 1 && !is_number(request.header("content-length"))))
    return Refusal{400, "a request has one Content-Length, which is a number"};
  if (codings == 0) return std::nullopt;
  if (codings > 1) return Refusal{400, "a request has one Transfer-Encoding"};
  if (lengths > 0) return Refusal{400, "a request has a Content-Length or a Transfer-Encoding"};
  if (request.version == 10) return Refusal{400, "HTTP/1.0 has no Transfer-Encoding"};
  const std::string coding = lower_case(request.header("transfer-encoding"));
  if (coding == "chunked") return std::nullopt;
  const std::size_t last = coding.rfind(',');
  const bool framed = last != std::string::npos &&
                      !trimmed(std::string_view(coding).substr(0, last), " \t,").empty() &&
                      trimmed(std::string_view(coding).substr(last + 1), " \t") == "chunked" &&
                      coding.find("chunked") > last;
  if (framed) return Refusal{501, "of the transfer codings this server knows chunked alone"};
  return Refusal{400, "the Transfer-Encoding of a request is chunked, once"};
}

std::variant<Request, Refusal> take(const Parser& parser) {
  const auto& message = parser.get();
  if (message.version() != 11 && message.version() != 10) {
    return Refusal{505, "this server speaks HTTP/1.1 and HTTP/1.0"};
  }
  Request request{.method = text_of(message.method_string()),
                  .target = text_of(message.target()),
                  .version = message.version(),
                  .keep_alive = parser.keep_alive(),
                  .has_body = !parser.is_done()};
  for (const auto& field : message) {
    request.headers.emplace_back(lower_case(text_of(field.name_string())), text_of(field.value()));
  }
  if (auto doubt = doubtful_body(request)) return std::move(*doubt);
  return request;
}

std::chrono::milliseconds until(Clock::time_point end) {
  return std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
  const auto at = std::ranges::find(headers, name, [](const auto& field) { return field.first; });
  return at == headers.end() ? std::string_view() : std::string_view(at->second);
}

std::size_t Request::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::ranges::count(headers, name, [](const auto& field) { return field.first; }));
}

bool expects_too_much(const Request& request) {
  if (request.version == 10) return false;  // HTTP/1.0 has no expectations
  for (const auto& [name, value] : request.headers) {
    if (name != "expect") continue;
    for (std::string_view rest = value; !rest.empty();) {
      const std::size_t end = std::min(rest.find(','), rest.size());
      const std::string one = lower_case(trimmed(rest.substr(0, end), " \t"));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (!one.empty() && (one != "100-continue" || request.has_body)) return true;
    }
  }
  return false;
}

/// A request that is being read.
struct RequestReader::Parsing {
  explicit Parsing(const Limits& limits) : end(Clock::now() + limits.request) {
    parser.header_limit(static_cast<std::uint32_t>(limits.head_bytes));
    parser.body_limit(limits.body_bytes);
  }

  // One deadline for the whole request, however slowly its bytes arrive.
  Clock::time_point end;
  Parser parser;
  std::size_t body_bytes = 0;  // as sent, with the framing
};

RequestReader::RequestReader(Stream& stream, const Limits& limits)
    : stream_(stream), limits_(limits) {}

RequestReader::~RequestReader() = default;

asio::awaitable<bool> RequestReader::receive(std::chrono::milliseconds deadline) {
  if (deadline.count() <= 0) co_return false;
  const std::size_t held = buffer_.size();
  buffer_.resize(held + read_size);
  auto size = co_await stream_.read_some(std::span(buffer_).subspan(held), deadline);
  buffer_.resize(held + (size ? *size : 0));
  co_return size && *size > 0;
}

/// Reads to the end of the head, or from there to the end of the body.
asio::awaitable<std::optional<Broken>> RequestReader::parse_on() {
  Parser& parser = parsing_->parser;
  const bool of_head = !parser.is_header_done();
  for (;;) {
    error_code ec;
    const std::size_t consumed = parser.put(asio::buffer(buffer_.data(), buffer_.size()), ec);
    buffer_.erase(0, consumed);
    if (ec && ec != http::error::need_more) co_return refusal_of(ec, limits_);
    // The framing of a body may be far longer than the body.
    if (!of_head) parsing_->body_bytes += consumed;
    if (parsing_->body_bytes > limits_.body_bytes + limits_.head_bytes)
      co_return refusal_of(http::error::body_limit, limits_);
    if (of_head ? parser.is_header_done() : parser.is_done()) co_return std::nullopt;
    if (consumed > 0 && !buffer_.empty() && !ec) continue;
    // The parser takes only a whole head, so the unparsed bytes are bounded here.
    if (buffer_.size() > limits_.head_bytes)
      co_return refusal_of(http::error::header_limit, limits_);
    if (!co_await receive(until(parsing_->end))) co_return Ended{};
  }
}

asio::awaitable<Read> RequestReader::next() {
  parsing_.reset();  // a connection may be idle for long
  if (buffer_.empty()) buffer_.shrink_to_fit();
  if (buffer_.empty() && !co_await receive(limits_.idle)) co_return Ended{};
  parsing_ = std::make_unique<Parsing>(limits_);
  auto parsing = parse_on();
  const std::optional<Broken> broken = co_await std::move(parsing);
  if (broken) co_return std::visit([](const auto& why) { return Read(why); }, *broken);
  co_return std::visit([](auto what) { return Read(std::move(what)); }, take(parsing_->parser));
}

asio::awaitable<std::optional<Broken>> RequestReader::skip_body() {
  if (parsing_->parser.is_done()) co_return std::nullopt;
  parsing_->parser.eager(true);
  auto parsing = parse_on();
  co_return co_await std::move(parsing);
}

}  // namespace rollcall::server
