#include "pods.hpp"

#include <array>
#include <iterator>
#include <stdexcept>

#include <fmt/format.h>

namespace rollcall::bench {
namespace {

constexpr std::array<std::string_view, 8> names = {"",     "number", "app",  "group",
                                                   "node", "ip",     "word", "version"};
constexpr std::size_t of_one_app = 10;
constexpr std::size_t groups = 20;
constexpr std::size_t nodes = 50;

}  // namespace

PodTemplate::Mark PodTemplate::mark_of(std::string_view name) {
  for (std::size_t at = 1; at < names.size(); ++at) {
    if (names[at] == name) return static_cast<Mark>(at);
  }
  throw std::runtime_error(fmt::format("the template has an unknown mark @{}@", name));
}

PodTemplate::PodTemplate(std::string_view text) {
  while (true) {
    const auto begin = text.find('@');
    const auto end = begin == text.npos ? text.npos : text.find('@', begin + 1);
    if (end == text.npos) break;
    const auto name = text.substr(begin + 1, end - begin - 1);
    // The '@' of "image@sha256:…" begins no mark.
    if (name.size() > names.back().size()) {
      parts_.emplace_back(text.substr(0, end), Mark::none);
      text.remove_prefix(end);
    } else {
      parts_.emplace_back(text.substr(0, begin), mark_of(name));
      text.remove_prefix(end + 1);
    }
  }
  parts_.emplace_back(text, Mark::none);
}

void PodTemplate::write(std::string& to, std::size_t number, std::uint64_t word,
                        std::uint64_t version) const {
  const auto out = std::back_inserter(to);
  const std::size_t app = number / of_one_app;
  for (const auto& [text, mark] : parts_) {
    to += text;
    switch (mark) {
      case Mark::none:
        break;
      case Mark::number:
        fmt::format_to(out, "{:06}", number);
        break;
      case Mark::app:
        fmt::format_to(out, "{:05}", app);
        break;
      case Mark::group:
        fmt::format_to(out, "{:02}", app % groups);
        break;
      case Mark::node:
        fmt::format_to(out, "{:03}", number % nodes);
        break;
      case Mark::ip:
        fmt::format_to(out, "10.{}.{}.{}", number >> 16U & 255U, number >> 8U & 255U,
                       number & 255U);
        break;
      case Mark::word:
        fmt::format_to(out, "{}", word);
        break;
      case Mark::version:
        fmt::format_to(out, "{}", version);
        break;
    }
  }
}

}  // namespace rollcall::bench
