#include "server/request.hpp"

#include <algorithm>
#include <span>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>

#include "core/ascii.hpp"

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

Read take(Parser& parser) {
  const auto& message = parser.get();
  if (message.version() != 11 && message.version() != 10) {
    return Refusal{505, "this server speaks HTTP/1.1 and HTTP/1.0"};
  }
  Request request{.method = text_of(message.method_string()),
                  .target = text_of(message.target()),
                  .version = message.version(),
                  .keep_alive = parser.keep_alive(),
                  .headers = {}};
  for (const auto& field : message) {
    request.headers.emplace_back(lower_case(text_of(field.name_string())), text_of(field.value()));
  }
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

asio::awaitable<bool> RequestReader::receive(std::chrono::milliseconds deadline) {
  if (deadline.count() <= 0) co_return false;
  const std::size_t held = buffer_.size();
  buffer_.resize(held + read_size);
  auto size = co_await stream_.read_some(std::span(buffer_).subspan(held), deadline);
  buffer_.resize(held + (size ? *size : 0));
  co_return size && *size > 0;
}

asio::awaitable<Read> RequestReader::next() {
  if (buffer_.empty() && !co_await receive(limits_.idle)) co_return Ended{};
  // However slowly the bytes trickle in, the whole of a request has one deadline.
  const auto end = Clock::now() + limits_.request;
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(limits_.head_bytes));
  parser.body_limit(limits_.body_bytes);
  parser.eager(true);
  for (;;) {
    error_code ec;
    const std::size_t consumed = parser.put(asio::buffer(buffer_.data(), buffer_.size()), ec);
    buffer_.erase(0, consumed);
    if (ec && ec != http::error::need_more) co_return refusal_of(ec, limits_);
    if (parser.is_done()) break;
    if (consumed > 0 && !buffer_.empty() && !ec) continue;
    // The parser takes a head only whole, so what it leaves is bounded here.
    if (buffer_.size() > limits_.head_bytes)
      co_return refusal_of(http::error::header_limit, limits_);
    if (!co_await receive(until(end))) co_return Ended{};
  }
  if (buffer_.empty()) buffer_.shrink_to_fit();  // a connection may be idle for long
  co_return take(parser);
}

}  // namespace rollcall::server
