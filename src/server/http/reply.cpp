#include "server/http/reply.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace rollcall::server {
namespace {

constexpr std::string_view policy_header = "Content-Security-Policy";

}  // namespace

std::string_view reason_phrase(unsigned status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 410:
      return "Gone";
    case 413:
      return "Content Too Large";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";
  }
}

Reply text_reply(std::string_view type, std::string body, unsigned status) {
  return {.status = status,
          .type = std::string(type),
          .body = std::make_shared<const std::string>(std::move(body))};
}

std::string head_of(const Reply& reply, Persistence persistence, std::string_view date) {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\nConnection: {}\r\n", reply.status,
                                 reason_phrase(reply.status), date,
                                 persistence == Persistence::close ? "close" : "keep-alive");
  if (!reply.type.empty()) head += "Content-Type: " + reply.type + "\r\n";
  // No client may take JSON for a page, and no foreign page may embed an answer.
  head +=
      "X-Content-Type-Options: nosniff\r\n"
      "Cross-Origin-Resource-Policy: same-origin\r\n";
  const bool own_policy = std::ranges::any_of(
      reply.headers, [](const auto& header) { return header.first == policy_header; });
  if (!own_policy) head += fmt::format("{}: frame-ancestors 'none'\r\n", policy_header);
  for (const auto& [name, value] : reply.headers) head += fmt::format("{}: {}\r\n", name, value);
  if (!reply.live && reply.status != 304) {
    head += fmt::format("Content-Length: {}\r\n", reply.body ? reply.body->size() : 0);
  }
  head += "\r\n";
  return head;
}

std::string http_date(std::time_t time) {
  // strftime would follow the locale.
  constexpr auto days =
      std::to_array<std::string_view>({"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"});
  constexpr auto months = std::to_array<std::string_view>(
      {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"});
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                     days.at(static_cast<std::size_t>(parts.tm_wday)), parts.tm_mday,
                     months.at(static_cast<std::size_t>(parts.tm_mon)), parts.tm_year + 1900,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace rollcall::server
