#include "core/text/text.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include <fmt/format.h>

#include "core/text/code_points.hpp"

namespace rollcall {
namespace {

void append_printable(std::string& out, std::string_view bytes,
                      const std::optional<CodePoint>& point) {
  if (!point || (point->value < 0x80 && is_active(point->value))) {
    out += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes[0]));
  } else if (is_active(point->value)) {
    out += fmt::format("\\u{{{:04x}}}", static_cast<std::uint32_t>(point->value));
  } else {
    out += bytes;
  }
}

// Takes characters off the front of a text, remembering whether all was as it should be.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  int digits(std::size_t count) {
    int number = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (!at_digit()) return fail();
      number = number * 10 + digit();
    }
    return number;
  }

  void one_of(std::string_view allowed) {
    if (text_.empty() || !allowed.contains(text_[0])) {
      fail();
      return;
    }
    text_.remove_prefix(1);
  }

  // A decimal fraction in nanoseconds; what is finer than that is dropped.
  std::chrono::nanoseconds fraction() {
    if (!skip('.')) return {};
    if (!at_digit()) fail();
    std::int64_t number = 0;
    std::int64_t unit = 1'000'000'000;
    while (at_digit()) {
      unit /= 10;
      number += digit() * unit;
    }
    return std::chrono::nanoseconds(number);
  }

  std::chrono::minutes offset() {
    if (skip('Z') || skip('z')) return {};
    const bool west = !text_.empty() && text_[0] == '-';
    one_of("+-");
    const int hours = digits(2);
    one_of(":");
    const int minutes = digits(2);
    if (hours > 23 || minutes > 59) fail();
    return std::chrono::minutes((west ? -1 : 1) * (hours * 60 + minutes));
  }

  [[nodiscard]] bool succeeded_at_end() const { return ok_ && text_.empty(); }

 private:
  [[nodiscard]] bool at_digit() const {
    return !text_.empty() && text_[0] >= '0' && text_[0] <= '9';
  }

  int digit() {
    const int value = text_[0] - '0';
    text_.remove_prefix(1);
    return value;
  }

  bool skip(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }

  int fail() {
    ok_ = false;
    return 0;
  }

  std::string_view text_;
  bool ok_ = true;
};

}  // namespace

std::string printable(std::string_view foreign) {
  // Nearly all text is plain.
  if (std::ranges::all_of(foreign, [](char c) { return c >= ' ' && c <= '~'; })) {
    return std::string(foreign);
  }
  std::string out;
  out.reserve(foreign.size());
  each_code_point(foreign, [&out](std::string_view bytes, const std::optional<CodePoint>& point) {
    append_printable(out, bytes, point);
    return true;
  });
  return out;
}

std::string excerpt(std::string_view foreign, std::size_t longest) {
  std::string out;
  each_code_point(foreign, [&](std::string_view bytes, const std::optional<CodePoint>& point) {
    if (out.size() >= longest) {
      out += "…";
      return false;
    }
    append_printable(out, bytes, point);
    return true;
  });
  return out;
}

std::string valid_utf8(std::string_view foreign) {
  std::string out;
  out.reserve(foreign.size());
  each_code_point(foreign, [&out](std::string_view bytes, const std::optional<CodePoint>& point) {
    out += point ? bytes : "\xef\xbf\xbd";
    return true;
  });
  return out;
}

namespace {

/// The last `width` digits of a number that is not negative.
void append_digits(std::string& text, std::int64_t number, std::size_t width) {
  text.append(width, '0');
  for (auto at = text.rbegin(); width > 0; --width, ++at, number /= 10) {
    *at = static_cast<char>('0' + number % 10);
  }
}

}  // namespace

std::string to_rfc3339(Timestamp time) {
  // By division, because the second in which the earliest Timestamp lies begins before it.
  constexpr std::int64_t second = 1'000'000'000;
  const std::int64_t count = time.time_since_epoch().count();
  const bool borrow = count % second < 0;
  const std::int64_t nanoseconds = count % second + (borrow ? second : 0);
  const std::chrono::sys_seconds seconds(std::chrono::seconds(count / second - (borrow ? 1 : 0)));

  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(seconds - day);
  // Each instance has up to three, so it is not left to a format string.
  std::string text;
  text.reserve(sizeof "2026-01-02T03:04:05.123456789Z");
  append_digits(text, static_cast<int>(date.year()), 4);
  text += '-';
  append_digits(text, static_cast<unsigned>(date.month()), 2);
  text += '-';
  append_digits(text, static_cast<unsigned>(date.day()), 2);
  text += 'T';
  append_digits(text, clock.hours().count(), 2);
  text += ':';
  append_digits(text, clock.minutes().count(), 2);
  text += ':';
  append_digits(text, clock.seconds().count(), 2);
  if (nanoseconds != 0) {
    text += '.';
    append_digits(text, nanoseconds, 9);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text += 'Z';
}

std::optional<Timestamp> parse_rfc3339(std::string_view text) {
  Scanner scan(text);
  const int year = scan.digits(4);
  scan.one_of("-");
  const int month = scan.digits(2);
  scan.one_of("-");
  const int day = scan.digits(2);
  scan.one_of("Tt ");
  const int hour = scan.digits(2);
  scan.one_of(":");
  const int minute = scan.digits(2);
  scan.one_of(":");
  const int second = scan.digits(2);
  const auto fraction = scan.fraction();
  const auto offset = scan.offset();
  if (!scan.succeeded_at_end()) return std::nullopt;

  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  // Second 60 is a leap second, which this clock counts as the next one.
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const std::chrono::sys_seconds time = std::chrono::sys_days(date) + std::chrono::hours(hour) +
                                        std::chrono::minutes(minute) - offset +
                                        std::chrono::seconds(second);
  constexpr auto earliest = std::chrono::ceil<std::chrono::seconds>(Timestamp::min());
  constexpr auto latest = std::chrono::floor<std::chrono::seconds>(Timestamp::max());
  if (time < earliest || time >= latest) return std::nullopt;
  return Timestamp(time) + fraction;
}

}  // namespace rollcall
