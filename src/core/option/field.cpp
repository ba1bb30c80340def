#include "core/option/field.hpp"

#include <array>
#include <string_view>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "core/option/checks.hpp"
#include "core/option/times.hpp"
#include "core/text/numbers.hpp"

namespace rollcall::option {
namespace {

using Words = std::span<const std::string>;
using Said = std::expected<void, std::string>;

Said read_into(std::string& out, const std::string& word) {
  out = word;
  return {};
}

Said read_into(bool& out, const std::string& word) {
  if (word != "true" && word != "false") {
    return std::unexpected(fmt::format("'{}' is neither true nor false", quoted(word)));
  }
  out = word == "true";
  return {};
}

constexpr std::size_t most_counted = 100'000'000;

Said read_into(std::size_t& out, const std::string& word) {
  const auto number = whole_number<std::size_t>(word);
  if (!number || *number == 0 || *number > most_counted) {
    return std::unexpected(
        fmt::format("'{}' is no whole number from 1 to {}", quoted(word), most_counted));
  }
  out = *number;
  return {};
}

constexpr auto byte_units =
    std::to_array<std::pair<std::string_view, std::size_t>>({{"GiB", std::size_t{1} << 30U},
                                                             {"MiB", std::size_t{1} << 20U},
                                                             {"KiB", std::size_t{1} << 10U}});

Said read_into(ByteCount out, const std::string& word) {
  std::string_view digits = word;
  std::size_t unit = 1;
  for (const auto& [name, size] : byte_units) {
    if (!digits.ends_with(name)) continue;
    digits.remove_suffix(name.size());
    unit = size;
    break;
  }
  const auto number = whole_number<std::size_t>(digits);
  if (!number || *number == 0 || *number > (std::size_t{1} << 40U) / unit) {
    return std::unexpected(
        fmt::format("'{}' is no size such as 65536, 64KiB, 16MiB or 1GiB", quoted(word)));
  }
  *out.at = *number * unit;
  return {};
}

Said read_into(FileMode out, const std::string& word) {
  const auto bits = whole_number<std::size_t>(word.starts_with("0o") ? word.substr(2) : word, 8);
  const bool octal = word.starts_with('0');
  if (bits && *bits <= 0777 && word.size() >= 3 && !octal) {
    // YAML writers turn 0660 into 432, which would be another mode in octal.
    return std::unexpected(fmt::format("'{}' is no mode: it begins with 0, so write 0{}{}", word,
                                       word,
                                       fmt::format(", or 0{:o} if this is its decimal number",
                                                   whole_number<std::size_t>(word).value_or(0))));
  }
  if (!bits || *bits > 0777 || word.size() < 3) {
    return std::unexpected(fmt::format("'{}' is no mode such as 0660 or 0600", quoted(word)));
  }
  *out.at = static_cast<unsigned>(*bits);
  return {};
}

std::optional<Milliseconds> time_in(const std::string& word) {
  const auto time = parse_time(word);
  if (!time || *time < std::chrono::milliseconds(1)) return {};
  return std::chrono::round<Milliseconds>(*time);
}

Said read_into(Milliseconds& out, const std::string& word) {
  const auto time = word == "0" ? std::optional(Milliseconds(0)) : time_in(word);
  if (!time) {
    return std::unexpected(
        fmt::format("'{}' is no time such as 5s, 500ms or 1m (at most a day)", quoted(word)));
  }
  out = *time;
  return {};
}

Said read_into(MaybeNever& out, const std::string& word) {
  if (word == "never") {
    out.reset();
    return {};
  }
  const auto time = time_in(word);
  if (!time) {
    return std::unexpected(
        fmt::format("'{}' is neither 'never' nor a time such as 30s or 10m", quoted(word)));
  }
  out = time;
  return {};
}

std::string written(const std::string& value) {
  return value;
}
std::string written(bool value) {
  return value ? "true" : "false";
}
std::string written(std::size_t value) {
  return fmt::format("{}", value);
}
std::string written(ByteCount value) {
  for (const auto& [name, size] : byte_units) {
    if (*value.at != 0 && *value.at % size == 0) {
      return fmt::format("{}{}", *value.at / size, name);
    }
  }
  return fmt::format("{}", *value.at);
}
std::string written(FileMode value) {
  return fmt::format("{:04o}", *value.at);
}
std::string written(Milliseconds value) {
  if (value.count() == 0) return "0";
  if (value.count() % 60'000 == 0) return fmt::format("{}m", value.count() / 60'000);
  if (value.count() % 1000 == 0) return fmt::format("{}s", value.count() / 1000);
  return fmt::format("{}ms", value.count());
}
std::string written(const MaybeNever& value) {
  return value ? written(*value) : "never";
}

}  // namespace

bool is_list(const Field& field) {
  return std::holds_alternative<std::vector<std::string>*>(field);
}

Said assign(const Field& field, Words words, CheckWord check) {
  if (!is_list(field) && words.size() != 1) return std::unexpected("is one value, not a list");
  for (const std::string& word : words) {
    const std::string wrong = check == nullptr ? std::string() : check(word);
    if (!wrong.empty()) return std::unexpected(wrong);
  }
  return std::visit(
      [&](auto out) -> Said {
        if constexpr (std::is_same_v<decltype(out), std::vector<std::string>*>) {
          out->assign(words.begin(), words.end());
          return {};
        } else if constexpr (std::is_pointer_v<decltype(out)>) {
          return read_into(*out, words.front());
        } else {
          return read_into(out, words.front());
        }
      },
      field);
}

std::vector<std::string> words_of(const Field& field) {
  return std::visit(
      [](const auto value) -> std::vector<std::string> {
        using Kept = std::remove_const_t<decltype(value)>;
        if constexpr (std::is_same_v<Kept, std::vector<std::string>*>) {
          return *value;
        } else if constexpr (std::is_pointer_v<Kept>) {
          return {written(*value)};
        } else {
          return {written(value)};
        }
      },
      field);
}

}  // namespace rollcall::option
